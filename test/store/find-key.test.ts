import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { getTableColumns } from '../../db/sqlite/connection/drizzle.ts';
import { keys } from '../../db/sqlite/schema/schema.ts';
import { provisionKnown, START_MS } from './contract/fixtures.ts';
import { changeKey, known } from './contract/key-changes.ts';
import { openForeign, openSettled, openTemporary } from './temporary-store.ts';

async function openKnown() {
  const store = await openSettled();
  return { store, ...(await provisionKnown(store)) };
}

test('what an operator changes by hand in a running store holds on the next request', async () => {
  const { store, again, defaultKey } = await openKnown();
  const byHand = openForeign(store.file);
  byHand.prepare('UPDATE keys SET held_at = 5 WHERE id = ?').run(defaultKey.id);
  expect((await again())?.key.heldAtMs).toBe(5);
  byHand.pragma('foreign_keys = OFF');
  byHand.prepare('DELETE FROM organizations').run();
  expect((await again())?.organization).toBeNull();
  byHand.prepare('DELETE FROM keys WHERE id = ?').run(defaultKey.id);
  expect(await again()).toBeUndefined();
});

test('a change of anything that decides about a request is seen', async () => {
  const { store, again, defaultKey } = await openKnown();
  const byHand = openForeign(store.file);
  byHand.pragma('foreign_keys = OFF');
  byHand.pragma('ignore_check_constraints = ON');
  for (const [field, { name }] of Object.entries(getTableColumns(keys))) {
    if (field === 'id' || !(field in known(defaultKey))) continue;
    const before = await again();
    const value = ['scopes', 'restrictions'].includes(field) ? '["x"]' : 12;
    byHand.prepare(`UPDATE keys SET ${name} = ? WHERE id = ?`).run(value, defaultKey.id);
    expect([field, await again()]).not.toEqual([field, before]);
  }
});

test('a row that is replaced by hand, which no trigger of a change or removal tells, is seen', async () => {
  const { store, again, defaultKey, organization } = await openKnown();
  const byHand = openForeign(store.file);
  byHand.pragma('foreign_keys = OFF');
  const columns = (table: string, column: string, value: string) =>
    byHand
      .prepare<[], string>(`SELECT name FROM pragma_table_info('${table}')`)
      .pluck()
      .all()
      .map((name) => (name === column ? value : name));
  byHand.exec(`REPLACE INTO keys SELECT ${columns('keys', 'revoked_at', '5')} FROM keys`);
  expect((await again())?.key).toMatchObject({ id: defaultKey.id, revokedAtMs: 5 });
  byHand.exec(
    `REPLACE INTO organizations SELECT ${columns('organizations', 'status', "'suspended'")} FROM organizations`,
  );
  expect((await again())?.organization).toMatchObject({ id: organization.id, status: 'suspended' });
});

test('a copy of the store that is put back by hand is another store, however many changes each saw', async () => {
  const { store, again, defaultKey } = await openKnown();
  const byHand = openForeign(store.file);
  const copy = `${store.file}.copy`;
  await byHand.backup(copy);
  const older = new Database(copy);
  older.prepare('UPDATE keys SET held_at = 5 WHERE id = ?').run(defaultKey.id);
  await changeKey(store, defaultKey, { name: 'renamed' });
  expect((await again())?.key).toMatchObject({ name: 'renamed', heldAtMs: null });
  const ofOlder = older.prepare('SELECT value FROM credential_revision').pluck().get();
  const ofStore = byHand.prepare('SELECT value FROM credential_revision').pluck().get();
  expect(ofOlder).not.toBe(ofStore);
  older.close();
});

test.each([
  'DROP TRIGGER revision_of_keys',
  'UPDATE credential_revision SET value = 1e300',
  'DELETE FROM credential_revision',
])('a running store in which changes could go unseen answers nothing: %s', async (harm) => {
  const { store, again } = await openKnown();
  openForeign(store.file).exec(harm);
  for (const find of [again, again])
    await expect(find()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
});

test('a use of a key is no change: what is known of it stays', async () => {
  const { store, again, defaultKey } = await openKnown();
  const before = await again();
  await store.keys.noteUses(new Map([[defaultKey.id, { atMs: START_MS + 1, client: 'a client' }]]));
  expect(await again()).toBe(before);
});

test('what is shared between requests cannot be changed by one of them', async () => {
  const { store, again, defaultKey } = await openKnown();
  const found = await again();
  expect(Object.isFrozen(found)).toBe(true);
  expect(Object.isFrozen(found?.key)).toBe(true);
  expect(Object.isFrozen(found?.key.scopes)).toBe(true);
  expect(Object.isFrozen(found?.organization)).toBe(true);
  await changeKey(store, defaultKey, { restrictions: { tools: ['whoami'] } });
  expect(Object.isFrozen((await again())?.key.restrictions?.tools)).toBe(true);
});

test('a store whose triggers are gone has them again when it is opened', async () => {
  const { store, hash, defaultKey } = await openKnown();
  const byHand = openForeign(store.file);
  byHand.exec('DROP TRIGGER revision_of_keys');
  const reopened = openTemporary(store.file);
  await reopened.keys.find(hash);
  byHand.prepare('UPDATE keys SET name = ? WHERE id = ?').run('by hand', defaultKey.id);
  expect((await reopened.keys.find(hash))?.key.name).toBe('by hand');
  await reopened.close();
});
