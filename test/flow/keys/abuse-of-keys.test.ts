import { expect, test } from 'vitest';
import { createCatalogue, defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { scopeMistakes } from '../../../src/tool-sources/scope-mistakes.ts';
import { tools } from '../../../tools/index.ts';
import { callTool, envelope, requestJson } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const catalogue = createCatalogue([...defaultCatalogue]);

test('a prefix and a name are no identity: of two keys with one name, revoking one leaves the other', async () => {
  const app = await startTwoTenants({ seed: false });
  const admin = await app.mint(app.acme, { scopes: ['key:write'] });
  const [one, other] = [
    await app.mint(app.acme, { name: 'Twin' }),
    await app.mint(app.acme, { name: 'Twin' }),
  ];
  for (const id of [one.prefix, 'Twin', one.plaintext]) {
    const answer = await requestJson(`${app.url}/v1/keys/${id}`, { method: 'DELETE', key: admin.plaintext });
    expect([answer.status, refusalIn(answer).code]).toEqual([404, 'KEY_NOT_FOUND']);
  }
  await requestJson(`${app.url}/v1/keys/${one.id}`, { method: 'DELETE', key: admin.plaintext });
  const ask = async (key: string) => (await requestJson(`${app.url}/v1/whoami`, { key })).status;
  expect([await ask(one.plaintext), await ask(other.plaintext)]).toEqual([401, 200]);
});

test('an id that is no text reaches no query', async () => {
  const app = await startTwoTenants({ seed: false });
  const admin = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const { id } = await app.mint(app.acme);
  const notTexts = [[id], [[id]], { $ne: 1 }, { id }, 1, true, null, '', 'x'.repeat(65)];
  for (const key_id of notTexts) {
    for (const name of ['get_key', 'revoke_key', 'rotate_key', 'update_key']) {
      const answer = await callTool(app.url, admin.plaintext, name, {
        key_id,
        ...(name === 'update_key' && { name: 'x' }),
      });
      expect([name, key_id, refusalIn(answer).code]).toEqual([name, key_id, 'VALIDATION_ERROR']);
    }
    const mint = { scope_type: 'user', name: 'x', user_id: key_id };
    expect(refusalIn(await callTool(app.url, admin.plaintext, 'mint_key', mint)).code).toBe(
      'VALIDATION_ERROR',
    );
  }
  expect(await app.services.store.keys.get(app.acme.id, id)).toMatchObject({
    revokedAtMs: null,
    name: 'test key',
  });
});

test('the credential alone says who made a key; other headers change nothing', async () => {
  const app = await startTwoTenants({ seed: false });
  const admin = await app.mint(app.acme, { scopes: ['key:write'] });
  const disguises = {
    cookie: '__Host-session=abc; session=root',
    referer: `${app.url}/console`,
    'x-user-id': 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    'x-forwarded-user': 'root',
    'x-on-behalf-of': 'root',
    'x-admin-token': 'yes',
  };
  const minted = await requestJson(`${app.url}/v1/keys`, {
    key: admin.plaintext,
    headers: disguises,
    body: { scope_type: 'global', name: 'x', scopes: [] },
  });
  expect(minted.body.key).toMatchObject({ created_by: admin.prefix, owner: 'operator', user_id: null });
  for (const [name, value] of Object.entries(disguises)) {
    const answer = await requestJson(`${app.url}/v1/keys`, { headers: { [name]: value } });
    expect([name, answer.status]).toEqual([name, 401]);
  }
});

test('a tool whose scope is missing or unknown is named before anything starts', () => {
  const [first] = tools;
  const named = (scope: unknown) => scopeMistakes([{ ...first, scope } as never], [], catalogue);
  for (const scope of [undefined, null, '', 'agent', 'agent:fly', ['any'], 'ANY']) {
    expect(named(scope)).toEqual([expect.stringContaining('expected a scope of the catalogue')]);
  }
  expect(scopeMistakes(tools, [], catalogue)).toEqual([]);
});

test('each tool is closed to a key that has every scope but its own', async () => {
  const app = await startTwoTenants({ seed: false });
  const keys = new Map<string, string>();
  for (const { name, scope, rest, onMcp } of tools) {
    if (scope === 'any') continue;
    const scopes = catalogue.scopes.filter((each) => each !== scope);
    const key = keys.get(scope) ?? (await app.mint(app.acme, { scopes })).plaintext;
    keys.set(scope, key);
    if (onMcp) {
      const answer = await callTool(app.url, key, name, {});
      expect([name, answer.status, refusalIn(answer)?.code]).toEqual([name, 403, 'INSUFFICIENT_SCOPE']);
      expect(refusalIn(answer)).toMatchObject({ required: [scope] });
    }
    const [method = '', path = ''] = (rest ?? '').replaceAll(/\{[^}]+\}/g, 'x').split(' ');
    const answer = await requestJson(app.url + path, {
      method,
      key,
      ...(/PO|PA/.test(method) && { body: {} }),
    });
    expect([rest, answer.status, refusalIn(answer)?.code]).toEqual([rest, 403, 'INSUFFICIENT_SCOPE']);
  }
  expect(keys.size).toBeGreaterThan(10);
  expect(app.sent).toEqual([]);
});

test('a default key manages no keys, its own neither', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const [own] = await app.services.store.keys.list(
    app.acme.id,
    { nowMs: app.now(), staleAfterMs: 1e12 },
    { limit: 1 },
  );
  for (const [method, path, body] of [
    ['GET', '/v1/keys'],
    ['POST', '/v1/keys', { scope_type: 'global', name: 'x' }],
    ['POST', `/v1/keys/${own?.id}/rotate`, {}],
    ['PATCH', `/v1/keys/${own?.id}`, { name: 'x' }],
    ['DELETE', `/v1/keys/${own?.id}`],
    ['GET', '/v1/audit'],
    ['GET', '/v1/members'],
  ] as const) {
    const answer = await requestJson(app.url + path, { method, key, body });
    expect([path, answer.status, refusalIn(answer)?.code]).toEqual([path, 403, 'INSUFFICIENT_SCOPE']);
  }
});

test('a clock that goes back revives nothing that was revoked', async () => {
  const app = await startTwoTenants({ seed: false });
  const admin = await app.mint(app.acme, { scopes: ['key:write'] });
  const doomed = await app.mint(app.acme);
  await requestJson(`${app.url}/v1/keys/${doomed.id}`, { method: 'DELETE', key: admin.plaintext });
  for (const ms of [-3_600_000, -365 * 86_400_000]) {
    app.advance(ms);
    const answer = await requestJson(`${app.url}/v1/whoami`, { key: doomed.plaintext });
    expect([answer.status, refusalIn(answer).code]).toEqual([401, 'INVALID_TOKEN']);
  }
});

test('an escaped name is the same name to the gate as to the SDK', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = await app.mint(app.acme, { scopes: [] });
  const params = JSON.stringify({ name: 'search_agents', arguments: {}, _meta: envelope });
  const send = (body: string) =>
    requestJson(`${app.url}/mcp`, {
      key: plaintext,
      headers: {
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': '2026-07-28',
        'mcp-method': 'tools/call',
        'mcp-name': 'search_agents',
      },
      body,
    });
  const escaped = await send(`{"jsonrpc":"2.0","id":1,"\\u006dethod":"tools\\/call","params":${params}}`);
  expect([escaped.status, refusalIn(escaped).code]).toEqual([403, 'INSUFFICIENT_SCOPE']);
  const twice = await send(
    `{"jsonrpc":"2.0","id":1,"method":"tools/list","\\u006dethod":"tools/call","params":${params}}`,
  );
  expect([twice.status, refusalIn(twice).code]).toEqual([400, 'INVALID_REQUEST']);
  expect(app.sent).toEqual([]);
});
