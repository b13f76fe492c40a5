import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { writeRefusalSummary, writeWhatIsLeft } from '../../../src/server/housekeeping.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';

const whoami = (app: TestApp, key: string) => requestJson(`${app.url}/v1/whoami`, { key });

/** Far more garbage from the same address than is written. */
async function makeNoise(app: TestApp): Promise<void> {
  for (let count = 0; count < 25; count += 1) await whoami(app, 'garbage');
}

/** The rows of a key in the audit that its organisation reads. */
async function rowsOf(app: TestApp, prefix: string, reader: string) {
  const path = `/v1/audit?limit=100&key_prefix=${prefix}`;
  const { events } = (await requestJson(app.url + path, { key: reader })).body;
  return events.map(({ kind, error_code }: { kind: string; error_code: string }) => `${kind} ${error_code}`);
}

test('nobody’s noise hides the use of a key that was stolen: its organisation reads of it', async () => {
  const app = await startTwoTenants({ seed: false });
  const scopes = ['key:read', 'key:write', 'audit:read'];
  const { plaintext: manager } = await app.mint(app.acme, { scopes });
  const revoked = await app.mint(app.acme);
  await requestJson(`${app.url}/v1/keys/${revoked.id}`, { method: 'DELETE', key: manager });
  const expired = await app.mint(app.acme, { expiresInDays: 1 });
  app.advance(2 * 86_400_000);
  await makeNoise(app);
  for (const { plaintext, prefix } of [revoked, expired]) {
    for (let count = 0; count < 30; count += 1) {
      expect((await whoami(app, plaintext)).body.error.code).toBe('INVALID_TOKEN');
      if (count % 10 === 0) await rpc(app.url, plaintext, 'tools/list');
    }
    expect(await rowsOf(app, prefix, manager)).toEqual(Array(33).fill('call INVALID_TOKEN'));
  }
  // Neither do they use up what strangers have.
  await writeRefusalSummary(app.services);
  expect((await app.audit(1))[0]).toMatchObject({ organizationId: null, change: '{"unwritten":5}' });
});

test('beyond 600 a minute the refused calls of a key are counted by code, in its organisation', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: reader } = await app.mint(app.acme, { scopes: ['audit:read'] });
  const { plaintext: key, prefix } = await app.mint(app.acme, { scopes: ['research_group:write'] });
  const ask = () => requestJson(`${app.url}/v1/agents/search`, { key });
  const answers = new Set<string>();
  for (let count = 0; count < 605; count += 1) {
    const { status, text, headers } = await ask();
    answers.add(`${status} ${text.replace(headers.get('x-request-id') ?? '', '')}`);
  }
  expect(answers.size).toBe(1);
  await callTool(app.url, key, 'whoami', { nonsense: 1 });
  // What was allowed is written, and so is the end of what was announced to the platform.
  expect((await whoami(app, key)).status).toBe(200);
  const agents = { name: 'x', agent_ids: ['agt_01ARZ3NDEKTSV4RRFFQ69G5FAV'] };
  await callTool(app.url, key, 'create_research_group', agents);
  await writeWhatIsLeft(app.services);
  const rows = (await app.audit(1000)).filter(({ keyPrefix }) => keyPrefix === prefix).reverse();
  const seen = rows.map(({ kind, errorCode }) => `${kind} ${errorCode}`);
  expect(seen.slice(0, 600)).toEqual(Array(600).fill('call INSUFFICIENT_SCOPE'));
  expect(seen.slice(600)).toEqual([
    'call null',
    'intent null',
    expect.stringMatching(/^call [A-Z_]+$/),
    'summary null',
  ]);
  expect(rows.at(-1)).toMatchObject({ organizationId: app.acme.id, tier: 'system' });
  expect(JSON.parse(rows.at(-1)?.change ?? '')).toEqual({
    unwritten: 6,
    codes: { INSUFFICIENT_SCOPE: 5, VALIDATION_ERROR: 1 },
  });
  const [summary] = await rowsOf(app, prefix, reader);
  expect(summary).toBe('summary null');
  // Another key of the organisation has all of its own.
  await requestJson(`${app.url}/v1/agents/search`, { key: reader });
  expect((await app.audit(1))[0]).toMatchObject({ errorCode: 'INSUFFICIENT_SCOPE' });
  app.advance(60_000);
  await ask();
  expect((await app.audit(1))[0]).toMatchObject({
    kind: 'call',
    errorCode: 'INSUFFICIENT_SCOPE',
    keyPrefix: prefix,
  });
});

test('a summary that the store cannot take is written later, whole', async () => {
  const app = await startTwoTenants({ seed: false });
  const keys = [
    await app.mint(app.acme, { scopes: ['audit:read'] }),
    await app.mint(app.bolt, { scopes: ['audit:read'] }),
  ];
  await makeNoise(app);
  for (const { plaintext } of keys) {
    for (let count = 0; count < 602; count += 1) {
      await requestJson(`${app.url}/v1/agents/search`, { key: plaintext });
    }
  }
  const database = new Database(join(app.dataDir, 'tenantry.db'));
  onTestFinished(() => void database.close());
  database.exec('ALTER TABLE audit RENAME TO elsewhere');
  await expect(writeRefusalSummary(app.services)).rejects.toThrow();
  await expect(writeWhatIsLeft(app.services)).rejects.toThrow();
  database.exec('ALTER TABLE elsewhere RENAME TO audit');
  await writeRefusalSummary(app.services);
  const summaries = (await app.audit(10)).filter(({ kind }) => kind === 'summary');
  expect(summaries.map(({ keyPrefix, change }) => [keyPrefix, change]).reverse()).toEqual([
    [null, '{"unwritten":5}'],
    ...keys.map(({ prefix }) => [prefix, '{"unwritten":2,"codes":{"INSUFFICIENT_SCOPE":2}}']),
  ]);
});
