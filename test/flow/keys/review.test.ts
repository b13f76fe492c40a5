import { expect, test } from 'vitest';
import { callTool, requestJson } from '../../support/http.ts';
import { type Finding, kindsOf, known, startReview } from '../../support/reviewed.ts';

const DAY_MS = 86_400_000;

test('a key that nobody uses is found on the day, and no longer once it is used', async () => {
  const app = await startReview();
  const key = await app.mint(app.acme, { ...known, scopes: ['agent:search'], name: 'ci' });
  app.advance(30 * DAY_MS - 60_000);
  expect(await app.found(key.id)).toEqual([]);
  app.advance(60_000);
  expect(await app.found(key.id)).toEqual([
    {
      finding: 'unused',
      severity: 'medium',
      summary: 'never used in 30 days',
      key_id: key.id,
      prefix: key.prefix,
      name: 'ci',
      owner: 'Ann',
      age_days: 30,
      last_used_at: null,
      expires_at: new Date(key.expiresAtMs ?? 0).toISOString(),
      scopes_unused: [],
      scopes_missing: [],
      scopes_extra: [],
      action: expect.stringMatching(/^Revoke it.*\.$/),
      command: `tenantry keys revoke ${key.id} --org ${app.acme.id}`,
    },
  ]);
  expect(await app.found(key.id, '?unused_days=31')).toEqual([]);
  expect((await callTool(app.url, key.plaintext, 'search_agents')).status).toBe(200);
  expect(await app.found(key.id)).toEqual([]);
  app.advance(30 * DAY_MS);
  expect((await app.found(key.id)).map(({ summary }: Finding) => summary)).toEqual(['not used for 30 days']);
});

test('a stale key is the worst, is told once, and comes first', async () => {
  const app = await startReview();
  const key = await app.mint(app.acme, { ...known, scopes: ['agent:search'] });
  app.advance(80 * DAY_MS);
  const ending = await app.mint(app.acme, { ...known, expiresInDays: 16, scopes: [] });
  app.advance(10 * DAY_MS - 60_000);
  expect(kindsOf(await app.found(key.id))).toEqual(['unused']);
  app.advance(60_000);
  expect(await app.found(key.id)).toMatchObject([
    {
      finding: 'stale',
      severity: 'high',
      command: `tenantry keys revoke ${key.id} --org ${app.acme.id}`,
    },
  ]);
  const severities = (await app.review()).map(({ severity }) => severity);
  const rank = ['high', 'medium', 'low'];
  expect(severities).toEqual([...severities].sort((a, b) => rank.indexOf(a) - rank.indexOf(b)));
  expect(new Set(severities).size).toBe(3);
  expect(await app.found(ending.id)).toMatchObject([{ finding: 'expires_soon', severity: 'low' }]);
});

test('an end that comes is found 14 days ahead, and matters where the key is in use', async () => {
  const app = await startReview();
  const used = await app.mint(app.acme, { ...known, expiresInDays: 30, scopes: ['agent:search'] });
  const idle = await app.mint(app.acme, { ...known, expiresInDays: 30, scopes: [] });
  app.advance(16 * DAY_MS - 60_000);
  await callTool(app.url, used.plaintext, 'search_agents');
  expect([...(await app.found(used.id)), ...(await app.found(idle.id))]).toEqual([]);
  app.advance(61_000);
  expect(await app.found(used.id)).toMatchObject([
    {
      finding: 'expires_soon',
      severity: 'high',
      summary: 'expires in 13 days',
      command: `tenantry keys rotate ${used.id} --org ${app.acme.id}`,
    },
  ]);
  expect(await app.found(idle.id)).toMatchObject([{ finding: 'expires_soon', severity: 'low' }]);
  app.advance(15 * DAY_MS);
  expect(await app.found(used.id)).toMatchObject([
    { finding: 'expired', severity: 'low', command: `tenantry keys revoke ${used.id} --org ${app.acme.id}` },
  ]);
});

test('a key that is short-lived on purpose is found in the last half of its life', async () => {
  const app = await startReview();
  const key = await app.mint(app.acme, { ...known, expiresInDays: 4, scopes: [] });
  app.advance(2 * DAY_MS - 60_000);
  expect(await app.found(key.id)).toEqual([]);
  app.advance(61_000);
  expect(kindsOf(await app.found(key.id))).toEqual(['expires_soon']);
});

test('who answers for a key, what it is for and when it ends are asked for', async () => {
  const app = await startReview();
  const bare = await app.mint(app.acme, { scopes: [], expiresInDays: 'never' });
  const update = `tenantry keys update ${bare.id} --org ${app.acme.id}`;
  expect(
    (await app.found(bare.id)).map((each: Finding) => [each.finding, each.severity, each.command]),
  ).toEqual([
    ['never_expires', 'medium', `${update} --expires-in-days 90`],
    ['owner_unknown', 'medium', `${update} --owner <owner>`],
    ['no_purpose', 'low', `${update} --purpose <purpose>`],
  ]);
  const keyless = (await app.review()).filter(({ name }) => name === 'Default key');
  expect(kindsOf(keyless)).toEqual(['owner_unknown']);
});

test('an organisation whose default key ended in any way is found', async () => {
  const app = await startReview();
  const missing = async () => (await app.review()).filter(({ finding }) => finding === 'default_key_missing');
  expect(await missing()).toEqual([]);
  app.advance(90 * DAY_MS);
  expect(await missing()).toMatchObject([{ summary: 'the default key is stale' }]);
  await callTool(app.url, app.acme.defaultKey, 'whoami');
  expect(await missing()).toEqual([]);
  const { body } = await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey });
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  await callTool(app.url, manager.plaintext, 'revoke_key', { key_id: body.key.key_id });
  expect(await missing()).toMatchObject([
    { key_id: null, severity: 'high', command: 'tenantry keys reconcile --out default-keys.ndjson' },
  ]);
});

test('a key that is replaced, and one that is revoked, are left in peace', async () => {
  const app = await startReview();
  const manager = await app.mint(app.acme, { scopes: ['key:write', 'agent:search'] });
  const old = await app.mint(app.acme, { scopes: ['agent:search'], expiresInDays: 10 });
  app.advance(6 * DAY_MS);
  const gone = await app.mint(app.acme, { scopes: ['agent:search'] });
  expect(kindsOf(await app.found(old.id))).toContain('expires_soon');
  const rotated = await callTool(app.url, manager.plaintext, 'rotate_key', { key_id: old.id, grace: '24h' });
  expect(rotated.body.result.isError).toBeUndefined();
  await callTool(app.url, manager.plaintext, 'revoke_key', { key_id: gone.id });
  expect([...(await app.found(old.id)), ...(await app.found(gone.id))]).toEqual([]);
});

test("another organisation's keys are never shown, and a review takes its scope", async () => {
  const app = await startReview();
  const foreign = await app.mint(app.bolt, { name: 'theirs', scopes: [] });
  app.advance(100 * DAY_MS);
  const text = JSON.stringify(await app.review());
  expect(text).not.toContain(foreign.id);
  expect(text).not.toContain(app.bolt.id);
  const without = await requestJson(`${app.url}/v1/keys/review`, { key: app.bolt.defaultKey });
  expect([without.status, without.body.error.code]).toEqual([403, 'INSUFFICIENT_SCOPE']);
  const reader = await app.mint(app.bolt, { scopes: ['key:read', 'key:write'] });
  for (const query of ['?unused_days=0', '?unused_days=366', '?unused_days=1.5', '?days=3']) {
    const answer = await requestJson(`${app.url}/v1/keys/review${query}`, { key: reader.plaintext });
    expect([query, answer.body.error?.code]).toEqual([query, 'VALIDATION_ERROR']);
  }
});
