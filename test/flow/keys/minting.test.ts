import fc from 'fast-check';
import { expect, test } from 'vitest';
import { builtInScopes, defaultCanonicalScopes, defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;

/** Two tenants, and for Acme a key that may manage keys and do nothing else. */
async function startWithManager() {
  const app = await startTwoTenants({ seed: false });
  const manager = await app.mint(app.acme, {
    scopes: ['key:read', 'key:write'],
    name: 'manager',
    owner: 'ops team',
    expiresInDays: 'never',
  });
  const mint = (body: object) => requestJson(`${app.url}/v1/keys`, { key: manager.plaintext, body });
  return { ...app, manager, mint };
}

test('a minted key works at once, is shown once, and names who made it', async () => {
  const app = await startWithManager();
  const minted = await app.mint({
    scope_type: 'global',
    name: 'search',
    scopes: ['agent:search'],
    purpose: 'tests',
  });
  expect(minted.status).toBe(201);
  expect(minted.headers.get('cache-control')).toBe('no-store');
  expect(minted.body.auth_token).toMatch(/^tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/);
  expect(minted.body.auth_token.startsWith(minted.body.key.prefix)).toBe(true);
  expect(minted.body.key).toMatchObject({
    organization_id: app.acme.id,
    scope_type: 'global',
    scopes: ['agent:search'],
    scope_source: 'explicit',
    canonical_version: null,
    owner: 'ops team',
    purpose: 'tests',
    created_by: app.manager.prefix,
    status: 'active',
    is_default: false,
  });
  expect((await callTool(app.url, minted.body.auth_token, 'search_agents')).status).toBe(200);
  const listed = await requestJson(`${app.url}/v1/keys`, { key: app.manager.plaintext });
  const shown = await requestJson(`${app.url}/v1/keys/${minted.body.key.id}`, { key: app.manager.plaintext });
  expect(shown.body.key.id).toBe(minted.body.key.id);
  expect(listed.text + shown.text).not.toContain(minted.body.auth_token);
});

test('nobody grants what they do not hold: at most the canonical set and their own scopes', async () => {
  const app = await startWithManager();
  const everything = [...defaultCatalogue, ...builtInScopes];
  const grantable = new Set<string>([...defaultCanonicalScopes, 'key:read', 'key:write']);
  await fc.assert(
    fc.asyncProperty(fc.subarray(everything), async (scopes) => {
      const answer = await app.mint({ scope_type: 'global', name: 'x', scopes });
      const isGrantable = scopes.every((scope) => grantable.has(scope));
      expect(answer.status).toBe(isGrantable ? 201 : 403);
      if (!isGrantable) expect(answer.body.error.code).toBe('SCOPE_ESCALATION');
    }),
    { numRuns: 40 },
  );
});

test('without scopes a key carries the canonical set; additional scopes are added to it', async () => {
  const app = await startWithManager();
  const plain = await app.mint({ scope_type: 'global', name: 'plain' });
  const extra = await app.mint({
    scope_type: 'global',
    name: 'extra',
    additional_scopes: ['key:read', 'agent:read'],
  });
  const none = await app.mint({ scope_type: 'global', name: 'none', scopes: [] });
  const canon = [...defaultCanonicalScopes];
  expect(plain.body.key).toMatchObject({ scopes: canon, scope_source: 'canonical', canonical_version: 1 });
  expect(extra.body.key).toMatchObject({ scopes: [...canon, 'key:read'], scope_source: 'canonical+extra' });
  expect(none.body.key).toMatchObject({ scopes: [], scope_source: 'explicit' });
});

test('the kind of key has no default, and host keys are the operator’s', async () => {
  const app = await startWithManager();
  const missing = await app.mint({ name: 'x', nonsense: true });
  expect([missing.status, missing.body.error.code]).toEqual([400, 'SCOPE_REQUIRED']);
  const host = await app.mint({ scope_type: 'host', nonsense: true });
  expect([host.status, host.body.error.code]).toEqual([403, 'HOST_KEY_OPERATOR_ONLY']);
  for (const scope_type of ['user', 'admin', '', 7]) {
    const answer = await app.mint({ scope_type, name: 'x' });
    expect([answer.status, answer.body.error.code]).toEqual([400, 'VALIDATION_ERROR']);
  }
});

test('fields that the server alone sets, unknown scopes and both lists at once are refused', async () => {
  const app = await startWithManager();
  const bodies = [
    { user_id: 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV' },
    { created_by: 'somebody' },
    { hash: 'x' },
    { id: 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV' },
    { is_default: true },
    { role: 'admin' },
    { scopes: ['agent:fly'] },
    { additional_scopes: ['agent:fly'] },
    { scopes: ['agent:read'], additional_scopes: ['agent:read'] },
    { name: '' },
    { name: 'x'.repeat(101) },
    { expires_in_days: 0 },
    { expires_in_days: 'soon' },
    { restrictions: { nothing: [] } },
    { restrictions: { addresses: ['everywhere'] } },
  ];
  for (const body of bodies) {
    const answer = await app.mint({ scope_type: 'global', name: 'x', ...body });
    expect([body, answer.status, answer.body.error.code]).toEqual([body, 400, 'VALIDATION_ERROR']);
  }
  const keys = await requestJson(`${app.url}/v1/keys`, { key: app.manager.plaintext });
  expect(keys.body.keys).toHaveLength(2);
});

test('an expiry is the default lifetime, the one asked for, or never by saying so', async () => {
  const app = await startWithManager();
  const days = async (body: object) => {
    const { key } = (await app.mint({ scope_type: 'global', name: 'x', scopes: [], ...body })).body;
    return key.expires_at === null
      ? null
      : (Date.parse(key.expires_at) - Date.parse(key.created_at)) / DAY_MS;
  };
  expect(await days({})).toBe(90);
  expect(await days({ expires_in_days: 7 })).toBe(7);
  expect(await days({ expires_in_days: 'never' })).toBe(null);
});

test('an organisation without a live default key gets the next canonical one as its default', async () => {
  const app = await startWithManager();
  const list = async () =>
    (await requestJson(`${app.url}/v1/keys`, { key: app.manager.plaintext })).body.keys;
  const defaultKey = (await list()).find((key: { is_default: boolean }) => key.is_default);
  const beside = await app.mint({ scope_type: 'global', name: 'beside' });
  expect(beside.body.key.is_default).toBe(false);

  await requestJson(`${app.url}/v1/keys/${defaultKey.id}`, { method: 'DELETE', key: app.manager.plaintext });
  const explicit = await app.mint({ scope_type: 'global', name: 'explicit', scopes: ['agent:read'] });
  const next = await app.mint({ scope_type: 'global', name: 'next' });
  expect(explicit.body.key.is_default).toBe(false);
  expect(next.body.key).toMatchObject({ is_default: true, expires_at: null, scope_source: 'canonical' });
});

test('a stale default key keeps working, but loses its place to the next', async () => {
  const app = await startTwoTenants({ seed: false, config: { keys: { staleAfterDays: 10 } } });
  const manager = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const mint = () =>
    requestJson(`${app.url}/v1/keys`, { key: manager.plaintext, body: { scope_type: 'global', name: 'x' } });
  app.advance(9 * DAY_MS);
  expect((await mint()).body.key.is_default).toBe(false);
  app.advance(DAY_MS);
  expect((await mint()).body.key.is_default).toBe(true);
  const { keys } = (await requestJson(`${app.url}/v1/keys`, { key: manager.plaintext })).body;
  expect(keys.filter((key: { is_default: boolean }) => key.is_default)).toHaveLength(1);
  expect((await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey })).status).toBe(200);
});

test('an organisation holds at most as many live keys as configured', async () => {
  const app = await startTwoTenants({ seed: false, config: { keys: { maxPerOrganization: 3 } } });
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  const mint = () =>
    requestJson(`${app.url}/v1/keys`, {
      key: manager.plaintext,
      body: { scope_type: 'global', name: 'x', scopes: [] },
    });
  const third = await mint();
  const fourth = await mint();
  expect(third.status).toBe(201);
  expect([fourth.status, fourth.body.error.code]).toEqual([409, 'KEY_LIMIT_REACHED']);
  await requestJson(`${app.url}/v1/keys/${third.body.key.id}`, { method: 'DELETE', key: manager.plaintext });
  expect((await mint()).status).toBe(201);
});
