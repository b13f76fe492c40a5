import { operatorTools, tools } from '../../tools/index.ts';

export const methods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND'];

/** All that may answer without a credential. */
export const openDoors: ReadonlySet<string> = new Set([
  'GET /healthz',
  'GET /readyz',
  'GET /openapi.json',
  'GET /docs',
]);

const routesOf = (of: readonly { readonly rest: string | null }[]): string[] =>
  of.map(({ rest }) => rest).filter((rest) => rest !== null);

export const restRoutes = routesOf(tools);

const knownPaths = (organizationId: string): string[] => [
  ...new Set(
    [...restRoutes, ...routesOf(operatorTools)].map((route) =>
      (route.split(' ')[1] ?? '').replaceAll(/\{[^}]+\}/g, 'x'),
    ),
  ),
  '/mcp',
  `/o/${organizationId}/mcp`,
  '/healthz',
  '/readyz',
  '/openapi.json',
  '/docs',
];

/** Doors that others left ajar: reserved, well known, or a neighbour's. */
const neighbours = [
  '/',
  '*',
  '/admin',
  '/admin/bootstrap',
  '/admin/organizations',
  '/metrics',
  '/oauth/mcp',
  '/o/mcp',
  '/console',
  '/v1',
  '/v1/',
  '/org',
  '/workspaces/x',
  '/sse',
  '/messages',
  '/mcp_message',
  '/api/mcp',
  '/.well-known/oauth-protected-resource',
  '/.well-known/oauth-authorization-server',
  '/favicon.ico',
  '/src/main.ts',
  '/package.json',
  '/data/tenantry.db',
  '/docs/../data/tenantry.db',
];

/** Other ways to write a path, which must not be other ways in. */
const spellings = (path: string): string[] => [
  path,
  `${path}/`,
  `/${path}`,
  `${path}//`,
  path.toUpperCase(),
  path.replace(/^\/(.)/, (_, first: string) => `/%${first.charCodeAt(0).toString(16)}`),
  `${path};x`,
  `${path}.json`,
  `${path}%00`,
  `${path}%2f`,
  `/.${path}`,
  `/mcp/..${path}`,
  `/healthz/..${path}`,
  `/healthz%2f..${path}`,
  `http://localhost${path}`,
  `http://evil.example${path}`,
  `${path}?x=1`,
  `${path}#x`,
];

/** Every path of the program and of its neighbours in every spelling. */
export const spelledPaths = (organizationId: string): readonly string[] =>
  [...new Set([...knownPaths(organizationId), ...neighbours].flatMap(spellings))].filter(
    (target) => !target.includes(' '),
  );

/** Whether a request may be answered without a credential. A query makes no other path. */
export const isOpen = (method: string, target: string): boolean =>
  openDoors.has(`${method} ${target.split('?')[0]}`);
