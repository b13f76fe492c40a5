import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { requestJson } from '../support/http.ts';
import { bearer, faces, rawSearch } from '../support/raw-http.ts';
import { expectRefusal } from '../support/refusal.ts';
import { startTwoTenants, type TestApp } from '../support/start-app.ts';

type Tenants = Awaited<ReturnType<typeof startTwoTenants>>;

/** Another process's hand on the same file. */
function otherHand({ dataDir }: Pick<TestApp, 'dataDir'>): Database.Database {
  const database = new Database(join(dataDir, 'tenantry.db'));
  onTestFinished(() => void database.close());
  return database;
}

/** Whoever asks, with whatever: the store cannot answer, so nobody is let in and nobody is told off. */
async function expectUnavailable(app: Tenants): Promise<void> {
  const unknown = createKeyFormat('tnt').generate().plaintext;
  for (const face of faces) {
    for (const key of [app.acme.defaultKey, app.bolt.defaultKey, unknown]) {
      const answer = await rawSearch(app.port, face, [bearer(key)]);
      expectRefusal(answer, 503, 'STORE_UNAVAILABLE', face);
      expect(answer.headers.get('retry-after')).toMatch(/^[1-9]\d*$/);
      expect(answer.headers.get('www-authenticate')).toBeNull();
      expect(answer.text).not.toMatch(/sqlite|table|database|tenantry\.db/i);
    }
  }
}

async function expectWorks(app: Tenants): Promise<void> {
  for (const face of faces) {
    expect((await rawSearch(app.port, face, [bearer(app.acme.defaultKey)])).status).toBe(200);
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

test('a store that another process holds is 503 for a moment, not longer', async () => {
  const app = await startTwoTenants({ seed: false });
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
  for (const face of faces) {
    const answer = await rawSearch(app.port, face, [bearer(app.acme.defaultKey)]);
    expectRefusal(answer, 503, 'STORE_UNAVAILABLE', face);
    expect(answer.text).not.toContain('agt_');
  }
});
