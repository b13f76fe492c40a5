import type { PlantedBug } from './planted-bug.ts';

const session = { proof: 'clients', test: 'over HTTP' } as const;
const signIn = { proof: 'clients', test: 'finds nowhere to sign in' } as const;

/** What the clients of other projects trip over, though a test by hand of the same bytes looks well. */
export const clientsBugs: readonly PlantedBug[] = [
  {
    name: 'structured-content-dropped',
    harm: 'clients refuse the answer of a tool whose list promised an output schema',
    file: 'src/transport/mcp/fast-lane.ts',
    find: ',"structuredContent":$',
    replace: ',"_structuredContent":$',
    ...session,
  },
  {
    name: 'error-with-structured-content',
    harm: 'clients hold an error to the output schema, and show that instead of the error',
    file: 'src/transport/mcp/tool-answer.ts',
    find: 'isError: true as const,',
    replace: 'isError: true as const, structuredContent: { code: error.code },',
    ...session,
  },
  {
    name: 'tool-list-of-another-key',
    harm: 'a key is shown the tools of whoever listed first',
    file: 'src/transport/mcp/tool-list.ts',
    find: '{whatIsAllowed(principal)}',
    replace: '{principal.tier}',
    ...session,
  },
  {
    name: 'error-data-dropped',
    harm: 'clients learn that they were refused, and not why',
    file: 'src/transport/http/failure-response.ts',
    find: 'error: { code: error.rpcCode, message: error.message, data: errorData(error, requestId) }',
    replace: 'error: { code: error.rpcCode, message: error.message }',
    ...session,
  },
  {
    name: 'url-form-is-not-read',
    harm: 'a client that can send no second header cannot name its organisation',
    file: 'src/transport/http/router.ts',
    find: "return matchMcp(method, segments[1] ?? '');",
    replace: 'return matchMcp(method, undefined);',
    ...session,
  },
  {
    name: 'progress-never-sent',
    harm: 'a client that asks how far a study is hears nothing until it gives up',
    file: 'src/transport/mcp/fast-lane.ts',
    find: 'if (asksForProgress(message) && tool?.reportsProgress) return undefined;',
    replace: '',
    ...session,
  },
  {
    name: 'resource-under-another-uri',
    harm: 'a host cannot match what it read to what it asked for',
    file: 'src/transport/mcp/mcp-resources.ts',
    find: 'contents: [{ uri: params.uri,',
    replace: "contents: [{ uri: 'study://',",
    ...session,
  },
  {
    name: 'challenge-names-metadata',
    harm: 'after a 401 clients start OAuth against a server that has none, and open a browser',
    file: 'src/transport/http/failure-response.ts',
    find: 'Bearer realm="tenantry", error="invalid_token"',
    replace:
      'Bearer realm="tenantry", error="invalid_token", resource_metadata="/.well-known/oauth-protected-resource"',
    ...signIn,
  },
  {
    name: 'challenge-missing',
    harm: 'clients that look for a challenge take a 401 for a fault of the server and try again',
    file: 'src/transport/http/failure-response.ts',
    find: "return isChallenge ? { 'www-authenticate': challengeOf(error) } : {};",
    replace: 'return {};',
    ...signIn,
  },
  {
    name: 'get-on-mcp-is-not-405',
    harm: 'clients of 2025 take the answer to their GET for a broken stream of notifications',
    file: 'src/errors.ts',
    find: "METHOD_NOT_ALLOWED: ['gate', 405, 40501,",
    replace: "METHOD_NOT_ALLOWED: ['gate', 200, 40501,",
    ...signIn,
  },
];
