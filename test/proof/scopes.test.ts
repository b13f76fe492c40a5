import { test } from 'vitest';
import { createCatalogue, defaultCatalogue } from '../../src/scopes/scopes.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import { tools } from '../../tools/index.ts';
import { envelope, type JsonAnswer, requestJson, rpc } from '../support/http.ts';
import { operatePeople } from '../support/operate-people.ts';
import { refusalIn } from '../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../support/start-app.ts';
import { prove } from './support/proof.ts';

const everyScope = createCatalogue(defaultCatalogue).scopes;
/** A host key may never hold these: it looks after no keys and no people. */
const notForHosts = /^(?:key|member):/;

type Caller = { readonly key: string; readonly organization: string };
type Protocol = 'fast lane' | 'SDK' | '2025' | 'REST';

/** The kinds of key, each minted as the operator mints it, with exactly the scopes named. */
async function startKinds(denial: string) {
  const app = await startTwoTenants({
    seed: false,
    config: { scopes: { denial }, permissions: { all: '*' }, limits: { requestsPerMinutePerKey: 100_000 } },
  });
  const manager = await app.mint(app.acme, { scopes: ['member:write'] });
  const post = (path: string, body: object) =>
    requestJson(`${app.url}/v1/${path}`, { key: manager.plaintext, body });
  const { userId } = await operatePeople(app, app.acme).add({ name: 'Ada', email: null, role: 'admin' });
  const { group } = (await post('groups', { name: 'all', permissions: ['all'] })).body;
  await post(`groups/${group.group_id}/members`, { user_id: userId });
  const scopesFor = {
    global: (scopes: readonly string[]) => app.mint(app.acme, { scopes }),
    user: (scopes: readonly string[]) => app.mint(app.acme, { scopes, scopeType: 'user', userId }),
    host: (scopes: readonly string[]) =>
      app.mintHost([app.acme], { scopes: scopes.filter((scope) => !notForHosts.test(scope)) }),
  };
  return { ...app, scopesFor };
}

function call(
  app: TestApp,
  { key, organization }: Caller,
  tool: Tool,
  protocol: Protocol,
): Promise<JsonAnswer> {
  const headers = { 'x-organization-id': organization };
  const params = { name: tool.name, arguments: {} };
  if (protocol === 'fast lane') return rpc(app.url, key, 'tools/call', params, headers);
  if (protocol === 'REST') return callRest(app, key, tool, headers);
  // The lane leaves a request to the SDK that asks for log lines.
  const _meta = { ...envelope, 'io.modelcontextprotocol/logLevel': 'info' };
  const version = protocol === 'SDK' ? '2026-07-28' : '2025-06-18';
  return requestJson(`${app.url}/mcp`, {
    key,
    headers: {
      ...headers,
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': version,
      ...(protocol === 'SDK' && { 'mcp-method': 'tools/call', 'mcp-name': tool.name }),
    },
    body: {
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { ...params, ...(protocol === 'SDK' && { _meta }) },
    },
  });
}

function callRest(app: TestApp, key: string, { rest }: Tool, headers: Record<string, string>) {
  const [method = '', path = ''] = (rest ?? '').replaceAll(/\{[^}]+\}/g, 'x').split(' ');
  const body = /POST|PATCH/.test(method) ? { body: {} } : {};
  return requestJson(app.url + path, { method, key, headers, ...body });
}

/** What an open door may say to arguments that fit no tool. */
const usual = new Set([
  undefined,
  ...['VALIDATION_ERROR', 'NOT_FOUND', 'KEY_NOT_FOUND', 'SCOPE_REQUIRED', 'RESOURCE_NOT_FOUND'],
]);

/** Whether the tool itself spoke. Anything but that and a missing scope fits neither, so it is a failure as well. */
const isOpen = (answer: JsonAnswer): boolean | undefined => {
  const code = refusalIn(answer)?.code;
  if (code === 'INSUFFICIENT_SCOPE') return false;
  return answer.status < 500 && usual.has(code) ? true : undefined;
};
const shownOf = (answer: JsonAnswer): string => `${answer.status} ${refusalIn(answer)?.code ?? ''}`;

const protocolsOf = ({ onMcp, rest }: Tool): Protocol[] => [
  ...(onMcp ? (['fast lane', 'SDK', '2025'] as const) : []),
  ...(rest === null ? [] : ['REST' as const]),
];

/** The other ways to a tool that gives a resource: to read it, and to have its id completed. */
function resourceDoors(app: TestApp, { key, organization }: Caller, tool: Tool, held: readonly string[]) {
  if (tool.resource === null) return [];
  const { uri, start, argument, completion } = tool.resource;
  const ask = (method: string, params: Record<string, unknown>) => () =>
    rpc(app.url, key, method, params, { 'x-organization-id': organization });
  const completing = tools.find(({ name }) => name === completion.tool)?.scope;
  const asked = { ref: { type: 'ref/resource', uri }, argument: { name: argument, value: 'x' } };
  const holds = (scope?: string) => held.some((each) => each === scope);
  return [
    { name: 'read', opens: holds(tool.scope), ask: ask('resources/read', { uri: `${start}x` }) },
    { name: 'completed', opens: holds(completing), ask: ask('completion/complete', asked) },
  ];
}

/** Where clients are shown the tool. */
async function isShown(app: TestApp, { key, organization }: Caller, { name, resource }: Tool) {
  const list = (method: string) => rpc(app.url, key, method, {}, { 'x-organization-id': organization });
  const { body } = await list('tools/list');
  const listed = {
    name: 'listed',
    is: body.result.tools.some((each: { name: string }) => each.name === name),
  };
  if (resource === null) return [listed];
  const { text } = await list('resources/templates/list');
  return [listed, { name: 'template', is: text.includes(JSON.stringify(resource.uri)) }];
}

test.for([
  ['http-403', 'scopes.matrix'],
  ['tool-error', 'scopes.matrix-as-tool-errors'],
] as const)(
  'every tool is open to the holders of its scope and closed to everybody else, with denial %s',
  async ([denial, id], context) => {
    const app = await startKinds(denial);
    const failures: string[] = [];
    let tried = 0;
    for (const tool of tools.filter(({ scope }) => scope !== 'any')) {
      const sets = {
        alone: [tool.scope],
        others: everyScope.filter((each) => each !== tool.scope),
        none: [],
      };
      for (const [kind, mint] of Object.entries(app.scopesFor)) {
        for (const [set, scopes] of Object.entries(sets)) {
          const { plaintext, scopes: held } = await mint(scopes as string[]);
          const caller = { key: plaintext, organization: app.acme.id };
          const mayCall = held.some((scope) => scope === tool.scope);
          const where = `${tool.name} with a ${kind} key that holds ${set}`;
          const doors = [
            ...protocolsOf(tool).map((protocol) => ({
              name: protocol,
              opens: mayCall,
              ask: () => call(app, caller, tool, protocol),
            })),
            ...resourceDoors(app, caller, tool, held),
          ];
          for (const { name, opens, ask } of doors) {
            const answer = await ask();
            if (isOpen(answer) !== opens) failures.push(`${where}, ${name}: ${shownOf(answer)}`);
          }
          const shown = tool.onMcp ? await isShown(app, caller, tool) : [];
          failures.push(
            ...shown.filter(({ is }) => is !== mayCall).map(({ name, is }) => `${where}: ${name} ${is}`),
          );
          tried += doors.length + shown.length;
        }
      }
    }
    prove(context, {
      id,
      property:
        'a tool is listed for and open to exactly those who hold its scope, over every protocol and lane',
      trials: tried,
      unit: 'mixtures of tool, key, scopes and protocol',
      noRate: true,
      failures,
      measured: { tools: tools.length, scopes: everyScope.length },
    });
  },
);
