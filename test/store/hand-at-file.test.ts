import { expect, test } from 'vitest';
import { auditRow, provision, provisionHost } from './contract/fixtures.ts';
import { populate } from './contract/people.ts';
import { openForeign, openSettled, temporaryFile } from './temporary-store.ts';

test('the file itself lets no host key have an organisation, and no other key be without one', async () => {
  const opened = await openSettled();
  const store = { ...opened, ...(await provisionHost(opened)) };
  await store.close();
  const foreign = openForeign(store.file);
  for (const change of [
    `UPDATE keys SET organization_id = '${store.organization.id}' WHERE scope_type = 'host'`,
    `UPDATE keys SET organization_id = NULL WHERE scope_type = 'global'`,
    `UPDATE keys SET scope_type = 'host' WHERE scope_type = 'global'`,
    `UPDATE keys SET scope_type = 'global' WHERE scope_type = 'host'`,
  ]) {
    expect(() => foreign.exec(change)).toThrow('CHECK constraint failed: keys_host');
  }
});

test('even a hand at the file puts nobody into the group of another organisation', async () => {
  const store = await openSettled();
  const ours = await populate(store);
  const theirs = await populate(store);
  const file = openForeign(store.file);
  file.pragma('foreign_keys = ON');
  const insert = file.prepare('INSERT INTO group_members VALUES (?, ?, ?)');
  for (const id of [ours.id, theirs.id]) {
    expect(() => insert.run(id, ours.groupId, theirs.userId)).toThrow('FOREIGN KEY');
  }
});

test('a store that an older program left with two cases, or blanks, opens, and each id finds its own', async () => {
  const file = temporaryFile();
  const older = await openSettled(file);
  const made = [
    await provision(older, 'one'),
    await provision(older, 'two'),
    await provision(older, 'three'),
  ];
  await older.close();
  const database = openForeign(file);
  const ids = ['ACME', 'acme', 'acme '];
  for (const [place, { organization }] of made.entries())
    database
      .prepare('UPDATE organizations SET external_id = ? WHERE id = ?')
      .run(ids[place], organization.id);
  database.close();
  const store = await openSettled(file);
  const find = async (externalId: string) => {
    const answer = await store.organizations.provision(
      externalId,
      () => {
        throw new Error('nothing may be made');
      },
      () => auditRow(null),
    );
    return answer.organization.id;
  };
  for (const [place, { organization }] of made.entries())
    expect(await find(ids[place] ?? '')).toBe(organization.id);
  expect(made.map(({ organization }) => organization.id)).toContain(await find('Acme'));
});
