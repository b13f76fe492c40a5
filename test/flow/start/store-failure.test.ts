import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test, vi } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { requestJson } from '../../support/http.ts';
import { bearer, protocols, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../../support/start-app.ts';
import { openCall } from '../../support/streams.ts';

type Tenants = Awaited<ReturnType<typeof startTwoTenants>>;

/** Another process's hand on the same file. */
function otherHand({ dataDir }: Pick<TestApp, 'dataDir'>): Database.Database {
  const database = new Database(join(dataDir, 'tenantry.db'));
  onTestFinished(() => void database.close());
  return database;
}

/** With any credential: the store cannot answer, so nobody is let in and no credential is called bad. */
async function expectUnavailable(app: Tenants): Promise<void> {
  const unknown = createKeyFormat('tnt').generate().plaintext;
  for (const protocol of protocols) {
    for (const key of [app.acme.defaultKey, app.bolt.defaultKey, unknown]) {
      const answer = await rawSearch(app.port, protocol, [bearer(key)]);
      expectRefusal(answer, 503, 'STORE_UNAVAILABLE', protocol);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(answer.text).not.toMatch(/sqlite|table|database|tenantry\.db/i);
    }
  }
}

async function expectWorks(app: Tenants): Promise<void> {
  for (const protocol of protocols) {
    expect((await rawSearch(app.port, protocol, [bearer(app.acme.defaultKey)])).status).toBe(200);
  }
}

test('a store that was closed is 503 for every credential, and not ready', async () => {
  const app = await startTwoTenants({ seed: false });
  await app.services.store.close();
  await expectUnavailable(app);
  expect(app.sent).toEqual([]);
  const ready = await requestJson(`${app.url}/readyz`);
  expect(ready.status).toBe(503);
  expect((await requestJson(`${app.url}/healthz`)).status).toBe(200);
});

test('a table that is gone is 503, and the server recovers with it', async () => {
  const app = await startTwoTenants({ seed: false });
  await expectWorks(app);
  const hand = otherHand(app);
  for (const table of ['keys', 'organizations', 'audit']) {
    hand.exec(`ALTER TABLE ${table} RENAME TO ${table}_away`);
    await expectUnavailable(app);
    hand.exec(`ALTER TABLE ${table}_away RENAME TO ${table}`);
    await expectWorks(app);
  }
});

test('a dropped key table reads as "cannot answer", never as "no such key"', async () => {
  const app = await startTwoTenants({ seed: false });
  otherHand(app).exec('PRAGMA foreign_keys = OFF; DROP TABLE keys');
  await expectUnavailable(app);
  expect(app.sent).toEqual([]);
});

test('a corrupt file is 503, and works again once it is whole', async () => {
  const app = await startTwoTenants({ seed: false });
  const hand = otherHand(app);
  hand.pragma('wal_checkpoint(TRUNCATE)');
  const file = join(app.dataDir, 'tenantry.db');
  const whole = readFileSync(file);
  const pageSize = whole.readUInt16BE(16);
  const overwrite = (bytes: Buffer) => {
    const handle = openSync(file, 'r+');
    writeSync(handle, bytes, pageSize, bytes.length - pageSize, pageSize);
    closeSync(handle);
  };
  overwrite(Buffer.alloc(whole.length, 0x5a));
  await expectUnavailable(app);
  expect(app.sent).toEqual([]);
  overwrite(whole);
  await expectWorks(app);
});

test('a store that another process holds for a moment is waited for, over MCP and REST alike', async () => {
  const app = await startTwoTenants({ seed: false });
  const hand = otherHand(app);
  hand.exec('BEGIN IMMEDIATE');
  const answers = protocols.map((protocol) => rawSearch(app.port, protocol, [bearer(app.acme.defaultKey)]));
  const probes = ['/healthz', '/readyz'].map((path) => requestJson(app.url + path));
  for (const { status } of await Promise.all(probes)) expect(status).toBe(200);
  hand.exec('COMMIT');
  for (const { status } of await Promise.all(answers)) expect(status).toBe(200);
});

test('a store that another process holds on is 503 after store.busyTimeoutMs, and works afterwards', async () => {
  const app = await startTwoTenants({ seed: false, config: { store: { busyTimeoutMs: 60 } } });
  const hand = otherHand(app);
  hand.exec('BEGIN IMMEDIATE');
  const answer = await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)]);
  expectRefusal(answer, 503, 'STORE_BUSY');
  expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
  expect(answer.body).toMatchObject({ jsonrpc: '2.0', id: 1 });
  const refused = await rawSearch(app.port, 'rest', []);
  expectRefusal(refused, 503, 'STORE_BUSY');
  hand.exec('COMMIT');
  await expectWorks(app);
});

test('a call whose audit row cannot be written shows nothing of its result', async () => {
  const app = await startTwoTenants();
  otherHand(app).exec('ALTER TABLE audit RENAME TO audit_away');
  for (const protocol of protocols) {
    const answer = await rawSearch(app.port, protocol, [bearer(app.acme.defaultKey)]);
    expectRefusal(answer, 503, 'STORE_UNAVAILABLE', protocol);
    expect(answer.text).not.toContain('agt_');
  }
});

test.each([
  ['rest', true],
  ['mcp', true],
  ['mcp', false],
] as const)(
  'a call that its client left while it waited for the store changes nothing (%s, fast lane: %s)',
  async (protocol, fastLane) => {
    const app = await startTwoTenants({ seed: false, config: { server: { fastLane } } });
    const { plaintext } = await app.mint(app.acme, { additionalScopes: ['key:read', 'key:write'] });
    const { keys, audit } = app.services.store;
    const [mint, append] = [vi.spyOn(keys, 'mint'), vi.spyOn(audit, 'append')];
    const hand = otherHand(app);
    hand.exec('BEGIN IMMEDIATE');
    const wanted = { scope_type: 'global', name: 'wanted no more' };
    const client = new AbortController();
    const { signal } = client;
    const headers = { authorization: `Bearer ${plaintext}`, 'content-type': 'application/json' };
    const left =
      protocol === 'rest'
        ? fetch(`${app.url}/v1/keys`, { method: 'POST', headers, body: JSON.stringify(wanted), signal })
        : openCall(app.url, plaintext, '2026', { name: 'mint_key', arguments: wanted, signal });
    const ended = left.catch(() => 'left');
    await expect.poll(() => mint.mock.calls.length).toBe(1);
    client.abort();
    await expect.poll(() => append.mock.calls.map(([row]) => row.errorCode)).toEqual(['CANCELLED']);
    hand.exec('COMMIT');
    expect(await ended).toBe('left');
    await expect(mint.mock.results[0]?.value).rejects.toMatchObject({ code: 'CANCELLED' });
    const listed = await requestJson(`${app.url}/v1/keys`, { key: plaintext });
    expect(listed.status).toBe(200);
    expect(listed.text).not.toContain(wanted.name);
    const rows = (await app.audit()).filter(({ tool }) => tool === 'mint_key');
    expect(rows).toMatchObject([{ errorCode: 'CANCELLED', status: 499 }]);
  },
);
