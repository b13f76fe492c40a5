import { envelope } from '../../support/http.ts';
import { noteKey } from '../../support/secrets.ts';
import type { Got, Send } from './send.ts';

/** A key that was shown, by which way, and the answer that showed it. */
export type Shown = {
  readonly way: string;
  readonly plaintext: string;
  readonly answer: Got;
  /** A key of the same organisation that may do everything with keys. */
  readonly manager: string;
  readonly organizationId: string;
};

/** Keys that a batch makes, by way; the first two make the organisation and its manager. */
const batch = [
  ['POST /v1/keys', 20],
  ['mint_key', 10],
  ['POST /v1/keys/{key_id}/rotate', 6],
  ['rotate_key', 4],
  ['POST /org/tokens', 5],
  ['POST /admin/host-keys', 2],
  ['POST /admin/host-keys/{key_id}/rotate', 1],
] as const;

export const BATCH = 2 + batch.reduce((sum, [, count]) => sum + count, 0);

const managerScopes = ['key:read', 'key:write', 'member:read', 'member:write', 'audit:read'];
const minting = { scope_type: 'global', name: 'proof' };

/** One organisation and `BATCH` keys, each made in one of the ways that HTTP has. */
export async function mintBatch(send: Send, adminToken: string): Promise<readonly Shown[]> {
  const operator = { authorization: `Bearer ${adminToken}`, 'x-break-glass-reason': 'a proof' };
  const shown: Shown[] = [];
  const place = { manager: '', organizationId: '' };

  async function mint(way: string, path: string, body: object, headers: Readonly<Record<string, string>>) {
    const sent = { ...headers, 'content-type': 'application/json' };
    const answer = await send({ method: 'POST', path, headers: sent, body: JSON.stringify(body) });
    const said = JSON.parse(answer.text);
    const { auth_token: plaintext, ...rest } = said.result?.structuredContent ?? said;
    if (typeof plaintext !== 'string') throw new Error(`${way} made no key: ${answer.status}`);
    noteKey(plaintext);
    shown.push({ way, plaintext, answer, ...place });
    return { ...rest, plaintext };
  }

  const created = await mint('POST /admin/organizations', '/admin/organizations', { name: 'A' }, operator);
  place.organizationId = created.organization.organization_id;
  const named = { ...operator, 'x-organization-id': place.organizationId };
  const manager = { ...minting, name: 'manager', additional_scopes: managerScopes };
  place.manager = (await mint('POST /v1/keys, ADMIN_TOKEN', '/v1/keys', manager, named)).plaintext;

  const own = { authorization: `Bearer ${place.manager}` };
  const ids: string[] = [];
  const hosts: string[] = [];
  const callTool = (name: string, args: object) =>
    mint(
      name,
      '/mcp',
      { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: args, _meta: envelope } },
      { ...own, ...mcpHeaders('tools/call', name) },
    );
  const ways: Record<(typeof batch)[number][0], () => Promise<unknown>> = {
    'POST /v1/keys': async () =>
      ids.push((await mint('POST /v1/keys', '/v1/keys', minting, own)).key.id as string),
    mint_key: () => callTool('mint_key', minting),
    'POST /v1/keys/{key_id}/rotate': () =>
      mint('POST /v1/keys/{key_id}/rotate', `/v1/keys/${ids.pop()}/rotate`, { grace: '0' }, own),
    rotate_key: () => callTool('rotate_key', { key_id: ids.pop(), grace: '24h' }),
    'POST /org/tokens': () => mint('POST /org/tokens', '/org/tokens', { name: 'twin' }, own),
    'POST /admin/host-keys': async () => {
      const body = { name: 'host', organization_ids: [place.organizationId] };
      hosts.push((await mint('POST /admin/host-keys', '/admin/host-keys', body, operator)).key.id as string);
    },
    'POST /admin/host-keys/{key_id}/rotate': () =>
      mint(
        'POST /admin/host-keys/{key_id}/rotate',
        `/admin/host-keys/${hosts.pop()}/rotate`,
        { grace: '0' },
        operator,
      ),
  };
  for (const [way, count] of batch) for (let made = 0; made < count; made += 1) await ways[way]();
  // The first two were made before their manager was.
  return shown.map((each) => ({ ...each, ...place }));
}

export const mcpHeaders = (method: string, name?: string): Record<string, string> => ({
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
  'mcp-protocol-version': '2026-07-28',
  'mcp-method': method,
  ...(name !== undefined && { 'mcp-name': name }),
});
