import { envelope } from '../../support/http.ts';
import { mcpHeaders, type Shown } from './mint-over-http.ts';
import type { Sent } from './send.ts';

/** Credentials of others have no form to be known by, so nothing of a query string is kept. */
export const QUERY_MARKER = 'markerInTheQuery';

type Place = (key: string, shown: Shown) => Sent;

const json = { 'content-type': 'application/json' };
const bearer = ({ manager }: Shown) => ({ authorization: `Bearer ${manager}` });

const rpc = (method: string, params: object, headers: object = {}): Sent => ({
  method: 'POST',
  path: '/mcp',
  headers: { ...mcpHeaders(method, 'name' in params ? String(params.name) : undefined), ...headers },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { _meta: envelope, ...params } }),
});
const call = (name: string, args: object, headers: object) =>
  rpc('tools/call', { name, arguments: args }, headers);
const write = (path: string, body: object, shown: Shown, method = 'POST'): Sent => ({
  method,
  path,
  headers: { ...bearer(shown), ...json },
  body: JSON.stringify(body),
});
const encodeAll = (key: string) => [...key].map((char) => `%${char.charCodeAt(0).toString(16)}`).join('');

/** Where a credential does not belong; the caller's own is beside it, so that the request is audited as theirs. */
const places: Readonly<Record<string, Place>> = {
  'query of REST': (key, shown) => ({
    path: `/v1/agents/search?access_token=${key}&code=${QUERY_MARKER}`,
    headers: bearer(shown),
  }),
  'query of MCP': (key, shown) => ({
    ...call('search_agents', { limit: 1 }, bearer(shown)),
    path: `/mcp?api_key=Bearer%20${key}&code=${QUERY_MARKER}`,
  }),
  'search text': (key, shown) => ({ path: `/v1/agents/search?query=${key}`, headers: bearer(shown) }),
  'id in the path': (key, shown) => ({ path: `/v1/agents/${key}`, headers: bearer(shown) }),
  'key id in the path': (key, shown) => ({
    method: 'DELETE',
    path: `/v1/keys/${key}`,
    headers: bearer(shown),
  }),
  'percent-encoded path': (key, shown) => ({ path: `/v1/agents/${encodeAll(key)}`, headers: bearer(shown) }),
  'organisation in the path': (key, shown) => ({
    ...rpc('tools/list', {}, bearer(shown)),
    path: `/o/${key}/mcp`,
  }),
  'unknown path': (key, shown) => ({ path: `/${key}`, headers: bearer(shown) }),
  'name of a new key': (key, shown) => write('/v1/keys', { scope_type: 'global', name: key }, shown),
  'owner of a key': (key, shown) => write('/v1/keys', { scope_type: 'global', name: 'x', owner: key }, shown),
  'scope of a new key': (key, shown) =>
    write('/v1/keys', { scope_type: 'global', name: 'x', scopes: [key] }, shown),
  'unknown field': (key, shown) => write('/v1/keys', { [key]: key }, shown),
  'type of a key': (key, shown) => write('/v1/keys', { scope_type: key, name: 'x' }, shown),
  'name of a group': (key, shown) => write('/v1/groups', { name: key }, shown),
  'name of a member': (key, shown) => write('/v1/members', { name: key }, shown),
  'tool argument': (key, shown) => call('search_agents', { query: key, limit: 1 }, bearer(shown)),
  'unknown tool argument': (key, shown) => call('search_agents', { [key]: key }, bearer(shown)),
  'what a tool throws': (key, shown) => call('fail_carelessly', { words: key }, bearer(shown)),
  'name in a tool argument': (key, shown) =>
    call('fail_carelessly', { words: 'x', counts: { [key]: 'many' } }, bearer(shown)),
  'written by a tool': (key, shown) => call('mint_key', { scope_type: 'global', name: key }, bearer(shown)),
  cursor: (key, shown) => call('list_keys', { cursor: key }, bearer(shown)),
  'address of a resource': (key, shown) => rpc('resources/read', { uri: `agent://${key}` }, bearer(shown)),
  'address of a resource, encoded': (key, shown) =>
    rpc('resources/read', { uri: `agent://${encodeAll(key)}` }, bearer(shown)),
  'version of the protocol, behind a line': (key, shown) =>
    rpc(
      'tools/list',
      { _meta: { ...envelope, 'io.modelcontextprotocol/protocolVersion': `\n${key}` } },
      bearer(shown),
    ),
  'completed text': (key, shown) =>
    rpc(
      'completion/complete',
      {
        ref: { type: 'ref/resource', uri: 'agent://{agent_id}' },
        argument: { name: 'agent_id', value: key },
      },
      bearer(shown),
    ),
  prompt: (key, shown) => rpc('prompts/get', { name: key }, bearer(shown)),
  'tool name': (key, shown) => call(key, {}, bearer(shown)),
  'tool name, in the body alone': (key, shown) => call(key, {}, { ...bearer(shown), 'mcp-name': 'whoami' }),
  'Mcp-Name': (key, shown) => call('whoami', {}, { ...bearer(shown), 'mcp-name': key }),
  'Mcp-Method': (key, shown) => rpc('tools/list', {}, { ...bearer(shown), 'mcp-method': key }),
  'Mcp-Protocol-Version': (key, shown) =>
    rpc('tools/list', {}, { ...bearer(shown), 'mcp-protocol-version': key }),
  'version in the body': (key, shown) =>
    rpc(
      'tools/list',
      { _meta: { ...envelope, 'io.modelcontextprotocol/protocolVersion': key } },
      { ...bearer(shown), 'mcp-protocol-version': key },
    ),
  'handshake of the older era': (key, shown) =>
    rpc(
      'initialize',
      { protocolVersion: key, capabilities: {}, clientInfo: { name: key, version: key }, _meta: {} },
      { ...bearer(shown), 'mcp-protocol-version': '2025-11-25' },
    ),
  'JSON-RPC method': (key, shown) => rpc(key, {}, bearer(shown)),
  'client name': (key, shown) =>
    rpc(
      'tools/list',
      { _meta: { ...envelope, 'io.modelcontextprotocol/clientInfo': { name: key, version: key } } },
      bearer(shown),
    ),
  'malformed JSON': (key, shown) => ({
    method: 'POST',
    path: '/mcp',
    headers: { ...bearer(shown), ...mcpHeaders('tools/list') },
    body: `{"jsonrpc":"2.0","id":"${key}`,
  }),
  'malformed JSON of REST': (key, shown) => ({
    method: 'POST',
    path: '/v1/keys',
    headers: { ...bearer(shown), ...json },
    body: `{"name":"${key}`,
  }),
  Host: (key, shown) => ({ path: '/v1/whoami', headers: { ...bearer(shown), host: `${key}.example` } }),
  Origin: (key, shown) => ({ path: '/v1/whoami', headers: { ...bearer(shown), origin: `https://${key}` } }),
  'X-Organization-Id': (key, shown) => ({
    path: '/v1/whoami',
    headers: { ...bearer(shown), 'x-organization-id': key },
  }),
  'two credentials': (key, shown) => ({
    path: '/v1/whoami',
    headers: { ...bearer(shown), 'x-api-key': key },
  }),
  'another scheme': (key) => ({ path: '/v1/whoami', headers: { authorization: `Basic ${key}` } }),
  'not one credential': (key) => ({ path: '/v1/whoami', headers: { authorization: `Bearer ${key} ${key}` } }),
  'filter of the audit': (key, shown) => ({ path: `/v1/audit?key_prefix=${key}`, headers: bearer(shown) }),
};

export const placeNames = Object.keys(places);

/** Sent along with every one of them. */
const beside = (key: string): Readonly<Record<string, string>> => ({
  'user-agent': `proof (Bearer%20${key})`,
  'x-on-behalf-of': `job ${key}`,
  traceparent: `00-${key}-01`,
  cookie: `__Host-session=${key}; api_key=${key}`,
  referer: `https://x.example/?key=${key}`,
  'x-forwarded-for': key,
  'mcp-session-id': key,
  'x-break-glass-reason': key,
});

/** The request that puts the key of `shown` into the place of that number, and into every header that is free. */
export function misplace(shown: Shown, number: number): Sent {
  const place = places[placeNames[number % placeNames.length] ?? ''];
  if (place === undefined) throw new Error('there is no such place');
  const sent = place(shown.plaintext, shown);
  return { ...sent, headers: { ...beside(shown.plaintext), ...sent.headers } };
}
