import { mcpCall, restCall, type Sent } from './keep-alive.ts';
import type { ProofTenant } from './proof-tenant.ts';
import { oneOf, type Random } from './random.ts';

/** A request, and what its row must say of its sender. */
export type MixedCall = {
  readonly sent: Sent;
  readonly protocol: 'mcp' | 'rest';
  /** Null where the credential is refused: its refusal may be counted instead of written. */
  readonly prefix: string | null;
  readonly organizationId: string | null;
};

/** `tnt_a1B2c3D4`, which the audit shows, of the plaintext. */
export const prefixOf = (plaintext: string): string => plaintext.slice(0, 12);

/** Allowed, refused and malformed calls, over both protocols, in both eras, of two organisations. */
export function mixedCall(random: Random, tenants: readonly ProofTenant[], index: number): MixedCall {
  const tenant = oneOf(random, tenants);
  const key = random() < 0.5 ? tenant.manager : tenant.defaultKey;
  const own = { prefix: prefixOf(key), organizationId: tenant.organizationId };
  if (random() < 0.02) return refusedCall(random, key);
  const foreign = tenants.find((each) => each !== tenant)?.organizationId ?? '';
  const protocol = random() < 0.5 ? 'mcp' : 'rest';
  const calls = protocol === 'mcp' ? mcpCalls(key, foreign) : restCalls(key, foreign, tenant.manager, index);
  const sent = oneOf(random, calls)();
  // A call that changes something is always the manager's.
  const isManagers = sent.headers?.authorization === `Bearer ${tenant.manager}`;
  return { sent, protocol, ...own, ...(isManagers && { prefix: prefixOf(tenant.manager) }) };
}

function mcpCalls(key: string, foreign: string): readonly (() => Sent)[] {
  const call = (name: string, args: object = {}) => mcpCall(name, key, args);
  const whole = call('whoami');
  const asOf2025 = (body: object): Sent => ({
    ...whole,
    headers: {
      authorization: `Bearer ${key}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...body }),
  });
  const hello = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'mix', version: '1' },
  };
  return [
    () => whole,
    () => call('search_agents', { query: 'nurse', limit: 3 }),
    () => call('list_research_groups'),
    () => call('get_agent', { agent_id: 'agt_absent' }),
    () => call('list_keys'),
    // Leaves the store, so an intent is written first; the default key may not.
    () => call('create_research_group', { name: 'mixed', agent_ids: ['agt_absent'] }),
    () => call('get_agent', { agent_id: '../x' }),
    () => call('search_agents', { nonsense: 1 }),
    () => call('search_agents', { organization_id: foreign }),
    () => call('list_jobs', { cursor: 'garbled' }),
    () => call('no_such_tool'),
    () => asOf2025({ method: 'tools/list' }),
    () => asOf2025({ method: 'tools/call', params: { name: 'whoami', arguments: {} } }),
    () => asOf2025({ method: 'initialize', params: hello }),
    () => asOf2025({ method: 'ping' }),
    () => asOf2025({ method: 'no/such' }),
    () => asOf2025({ method: 'notifications/initialized', id: undefined }),
    () => ({ ...whole, body: '{"jsonrpc":' }),
    () => ({ ...whole, body: `[${whole.body}]` }),
    () => ({ ...whole, body: '[['.repeat(100) + ']]'.repeat(100) }),
    () => ({ ...whole, body: '"text"' }),
    () => ({ ...whole, headers: { ...whole.headers, 'content-type': 'text/plain' } }),
    () => ({ ...whole, headers: { ...whole.headers, 'x-organization-id': foreign } }),
    () => ({ ...whole, headers: { ...whole.headers, 'x-organization-id': 'org_1' } }),
    () => ({ ...whole, headers: { ...whole.headers, 'mcp-name': 'another' } }),
  ];
}

function restCalls(key: string, foreign: string, manager: string, index: number): readonly (() => Sent)[] {
  const get = (path: string, headers: Record<string, string> = {}): Sent => {
    const sent = restCall('GET', path, key);
    return { ...sent, headers: { ...sent.headers, ...headers } };
  };
  const post = (body: string, headers: Record<string, string> = {}): Sent => ({
    method: 'POST',
    path: '/v1/keys',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', ...headers },
    body,
  });
  return [
    () => get('/v1/whoami'),
    () => get('/v1/agents/search?query=nurse&limit=2'),
    () => get('/v1/studies'),
    () => get('/v1/keys'),
    () => get('/v1/agents/agt_absent'),
    () => get('/v1/agents/search?limit=many'),
    () => get('/v1/agents/search?limit=1&limit=2'),
    () => get(`/v1/agents/search?organization_id=${foreign}`),
    () => get('/v1/jobs?cursor=garbled'),
    () => get('/v1/keys/key_absent'),
    () => get('/v1/audit'),
    () => get('/v1/whoami', { 'x-organization-id': foreign }),
    () => get('/v1/whoami', { 'x-organization-id': '' }),
    () => post('{"scope_type":'),
    () => post('[]'),
    () => post('{}'),
    () => post('{}', { 'content-type': 'text/html' }),
    () => post('{}', { 'content-encoding': 'gzip' }),
    () => restCall('POST', '/v1/keys', manager, { scope_type: 'global', name: `mixed ${index}` }),
    () =>
      restCall('POST', '/v1/keys', manager, { scope_type: 'global', name: 'x', scopes: ['billing:write'] }),
  ];
}

/** A credential that is none, or nobody's. */
function refusedCall(random: Random, key: string): MixedCall {
  const nobody = { prefix: null, organizationId: null };
  const mangled = `${key.slice(0, -1)}${key.endsWith('0') ? '1' : '0'}`;
  return oneOf<() => MixedCall>(random, [
    () => ({ sent: mcpCall('whoami', mangled), protocol: 'mcp', ...nobody }),
    () => ({ sent: restCall('GET', '/v1/whoami', mangled), protocol: 'rest', ...nobody }),
    () => ({ sent: { method: 'GET', path: '/v1/whoami' }, protocol: 'rest', ...nobody }),
    () => ({ sent: restCall('GET', '/v1/whoami', `${key},Bearer ${key}`), protocol: 'rest', ...nobody }),
    () => ({
      sent: {
        method: 'GET',
        path: '/v1/whoami',
        headers: { authorization: `Bearer ${key}`, 'x-api-key': key },
      },
      protocol: 'rest',
      ...nobody,
    }),
  ])();
}
