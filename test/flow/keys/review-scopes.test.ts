import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { operatorRow } from '../../../src/audit/operator-row.ts';
import type { Scope } from '../../../src/scopes/scopes.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { kindsOf, known, startReview, startReviewed } from '../../support/reviewed.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;

test('scopes that were granted and never used are named, by what the key really did', async () => {
  const app = await startReview();
  const scopes = ['agent:search', 'agent:read', 'study:read', 'job:read'];
  const key = await app.mint(app.acme, { ...known, scopes });
  const other = await app.mint(app.acme, { ...known, scopes });
  const foreign = await app.mint(app.bolt, { ...known, scopes });
  const call = async (who: { plaintext: string }) => {
    await callTool(app.url, who.plaintext, 'search_agents');
    await requestJson(`${app.url}/v1/studies`, { key: who.plaintext });
  };
  app.advance(DAY_MS);
  await call(key);
  // Neither a failure nor a refusal is a use.
  const failed = await callTool(app.url, key.plaintext, 'get_agent', { agent_id: 'agt_nobody' });
  expect(failed.body.result.isError).toBe(true);
  for (const who of [other, foreign]) {
    await call(who);
    await requestJson(`${app.url}/v1/jobs`, { key: who.plaintext });
  }
  app.advance(28 * DAY_MS);
  // Not yet 30 days old.
  expect(await app.found(key.id)).toEqual([]);
  app.advance(DAY_MS + 60_000);
  await callTool(app.url, key.plaintext, 'search_agents');
  expect(await app.found(key.id)).toMatchObject([
    {
      finding: 'scopes_unused',
      severity: 'medium',
      summary: '2 of 4 scopes unused',
      scopes_unused: ['agent:read', 'job:read'],
      command: `tenantry keys rotate ${key.id} --org ${app.acme.id} --scopes agent:search,study:read`,
    },
  ]);
  // Studies were listed more than 29 days ago.
  expect(await app.found(key.id, '?unused_days=29')).toMatchObject([
    { scopes_unused: ['agent:read', 'study:read', 'job:read'] },
  ]);
});

test('a key that used none of its scopes is to be revoked, not narrowed to nothing', async () => {
  const app = await startReview();
  const key = await app.mint(app.acme, { ...known, scopes: ['agent:write'] });
  app.advance(31 * DAY_MS);
  await callTool(app.url, key.plaintext, 'whoami');
  expect(await app.found(key.id)).toMatchObject([
    { finding: 'scopes_unused', command: `tenantry keys revoke ${key.id} --org ${app.acme.id}` },
  ]);
});

test('nothing is called unused where the audit of those days was pruned', async () => {
  const app = await startReview();
  const key = await app.mint(app.acme, { ...known, scopes: ['agent:search', 'agent:read'] });
  app.advance(25 * DAY_MS);
  await callTool(app.url, key.plaintext, 'search_agents');
  const { audit } = app.services.store;
  const facts = { tier: 'cli', target: 'audit prune', organizationId: null, nowMs: app.now() } as const;
  await audit.prune(await audit.head(), () => operatorRow({ ...facts, kind: 'checkpoint' }));
  app.advance(10 * DAY_MS);
  await callTool(app.url, key.plaintext, 'whoami');
  expect(await app.found(key.id)).toEqual([]);
  expect((await app.review()).filter(({ key_id }) => key_id === null)).toMatchObject([
    {
      finding: 'evidence_too_short',
      severity: 'low',
      command: `tenantry keys review --org ${app.acme.id} --unused-days 10`,
    },
  ]);
  expect(kindsOf(await app.found(key.id, '?unused_days=10'))).toEqual(['scopes_unused']);
});

test('the whole audit is read, however long it is', async () => {
  const app = await startReview();
  const scopes = ['agent:search', 'study:read', 'job:read', 'agent:read'];
  const key = await app.mint(app.acme, { ...known, scopes });
  app.advance(31 * DAY_MS);
  await callTool(app.url, key.plaintext, 'search_agents');
  const database = new Database(join(app.dataDir, 'tenantry.db'));
  const { seq } = await app.services.store.audit.head();
  const tools: Record<number, string> = {
    [seq + 1]: 'list_jobs',
    100000: 'list_studies',
    100001: 'get_agent',
  };
  database.exec('BEGIN');
  const insert = database.prepare(`
    INSERT INTO audit
      (seq, kind, at, request_id, organization_id, tier, key_id, method, target, tool, status, duration_ms, hash)
    VALUES (?, 'call', ?, 'r', ?, 'organization-key', ?, 'POST', '/mcp', ?, 200, 1, ?)`);
  for (let at = seq + 1; at <= 100_001; at += 1) {
    insert.run(at, app.now(), app.acme.id, key.id, tools[at] ?? 'whoami', '0'.repeat(64));
  }
  database.exec('COMMIT');
  database.close();
  expect(await app.found(key.id)).toEqual([]);
});

test('a new canonical set changes no key, and shows as drift of those that were made from an old one', async () => {
  const before: Scope[] = ['agent:search', 'agent:read'];
  const after: Scope[] = ['agent:search', 'study:read'];
  const first = await startApp({ config: { scopes: { canonical: before } }, seed: false });
  const acme = await first.provision('Acme');
  const extra = await first.mint(acme, { ...known, additionalScopes: ['job:read'] });
  const explicit = await first.mint(acme, { ...known, scopes: before });
  const rows = (app: TestApp) => {
    const database = new Database(join(app.dataDir, 'tenantry.db'), { readonly: true });
    const all = database.prepare('SELECT * FROM keys ORDER BY id').all();
    database.close();
    return all;
  };
  const rowsBefore = rows(first);
  const second = await startApp({
    dataDir: first.dataDir,
    config: { scopes: { canonical: after } },
    seed: false,
  });
  expect(rows(second)).toEqual(rowsBefore);
  const { review, found } = await startReviewed(second, acme);
  const [byDefault] = (await review()).filter(({ finding }) => finding === 'canonical_drift');
  expect(byDefault).toMatchObject({
    name: 'Default key',
    severity: 'medium',
    scopes_missing: ['study:read'],
    scopes_extra: ['agent:read'],
    command: `tenantry keys rotate ${byDefault.key_id} --org ${acme.id} --drop-scopes`,
  });
  expect(await found(extra.id)).toMatchObject([
    { finding: 'canonical_drift', severity: 'low', scopes_missing: ['study:read'], scopes_extra: [] },
  ]);
  expect(await found(explicit.id)).toEqual([]);
});

test('what was used is read of one organisation, said in full', async () => {
  const { services, now, url, acme, bolt } = await startReview();
  await callTool(url, acme.defaultKey, 'whoami');
  const [own, theirs] = await Promise.all(
    [acme, bolt].map(({ id }) => services.store.audit.listToolUses(id, 0)),
  );
  expect(own?.uses).toEqual([{ keyId: expect.any(String), tool: 'whoami' }]);
  expect(theirs?.uses).toEqual([]);
  const wrong: readonly unknown[] = [undefined, null, '', '%', 'org_1', ['org_01ARZ3NDEKTSV4RRFFQ69G5FAV']];
  for (const organizationId of wrong) {
    // What a mistake in the program would hand over.
    await expect(services.store.audit.listToolUses(organizationId as never, now())).rejects.toThrow('tenant');
  }
});
