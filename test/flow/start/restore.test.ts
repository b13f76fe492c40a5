import { copyFileSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runHere } from '../../cli/in-process.ts';
import { requestJson } from '../../support/http.ts';
import { askWith, refused, startStory, welcome } from '../../support/restore-story.ts';

test('after a restore a key revoked since stays refused, and one that nobody touched works', async () => {
  const story = await startStory();
  const kept = await story.mint(story.acme);
  const doomed = await story.mint(story.acme);
  await story.run('backup', '--out', 'copy.db');
  const manager = await story.mint(story.acme, { scopes: ['key:write'] });
  const path = `${story.url}/v1/keys/${doomed.id}`;
  expect((await requestJson(path, { method: 'DELETE', key: manager.plaintext })).status).toBe(200);
  expect(await askWith(story, doomed.plaintext)).toEqual(refused);
  expect(await askWith(story, kept.plaintext)).toEqual(welcome);
  await story.close();

  const told = await story.run('restore', 'copy.db');
  expect(told).toMatchObject({ ledger: 'whole', revoked: 1, held: 0 });
  const app = await story.restart();
  expect(await askWith(app, doomed.plaintext)).toEqual(refused);
  expect(await askWith(app, kept.plaintext)).toEqual(welcome);
  expect(await askWith(app, story.bolt.defaultKey)).toEqual(welcome);
  expect(await askWith(app, manager.plaintext)).toEqual(refused);
  // It is revoked, not held: no confirmation brings it back.
  expect(await story.run('keys', 'confirm', doomed.id, '--org', story.acme.id)).toEqual({ confirmed: [] });
  expect(await askWith(app, doomed.plaintext)).toEqual(refused);
  const { keys } = await story.run('keys', 'list', '--org', story.acme.id, '--status', 'revoked');
  expect(keys).toMatchObject([{ id: doomed.id, revoked_by: manager.prefix }]);
});

test('a key changed since is refused until the operator confirms it, on the next request', async () => {
  const story = await startStory();
  const changed = await story.mint(story.acme);
  const rotated = await story.mint(story.acme);
  await story.run('backup', '--out', 'copy.db');
  const org = ['--org', story.acme.id];
  await story.run('keys', 'update', changed.id, ...org, '--expires-in-days', '1');
  const { auth_token: successor } = await story.run('keys', 'rotate', rotated.id, ...org);
  await story.close();
  expect(await story.run('restore', 'copy.db')).toMatchObject({ revoked: 0, held: 2 });

  const app = await story.restart();
  for (const key of [changed.plaintext, rotated.plaintext, successor]) {
    expect(await askWith(app, key)).toEqual(refused);
  }
  expect(await askWith(app, story.acme.defaultKey)).toEqual(welcome);
  expect((await app.audit())[0]).toMatchObject({ status: 200 });
  const table = await runHere(
    ['keys', 'list', ...org],
    { TENANTRY_CONFIG: join(story.dataDir, 'mcp.config.json') },
    story.dataDir,
  );
  expect(table.stdout.split('\n').map((line) => line.split(/ {2,}/)[3])).toEqual([
    'STATUS',
    'held',
    'held',
    'active',
    undefined,
  ]);
  const { keys } = await story.run('keys', 'list', ...org);
  expect(keys.map((key: { status: string }) => key.status)).toEqual(['revoked', 'revoked', 'active']);

  const { findings } = await story.runTo(['keys', 'review', ...org]);
  const heldOnes = findings.filter(({ finding }: { finding: string }) => finding === 'held');
  expect(heldOnes.map(({ command }: { command: string }) => command).sort()).toEqual(
    [changed.id, rotated.id].sort().map((id) => `tenantry keys confirm ${id} --org ${story.acme.id}`),
  );

  const { confirmed } = await story.run('keys', 'confirm', changed.id, ...org);
  expect(confirmed).toMatchObject([{ id: changed.id, status: 'active' }]);
  expect(await askWith(app, changed.plaintext)).toEqual(welcome);
  expect(await askWith(app, rotated.plaintext)).toEqual(refused);
  const acts = (await app.audit()).filter(({ target }) => target === 'keys confirm');
  expect(acts).toMatchObject([{ tier: 'cli', organizationId: story.acme.id }]);
  expect(JSON.parse(acts[0]?.change ?? '')).toEqual({ confirmed: changed.id, prefix: changed.prefix });
  expect(await story.run('keys', 'confirm', changed.id, ...org)).toEqual({ confirmed: [] });
});

test('without the ledger every key is refused until the operator confirms it, one organisation at a time', async () => {
  const story = await startStory();
  await story.run('backup', '--out', 'copy.db');
  await story.close();
  rmSync(join(story.dataDir, 'tenantry.db.ledger'));
  expect(await story.run('restore', 'copy.db')).toMatchObject({ ledger: 'missing', held: 2 });
  const app = await story.restart();
  expect(await askWith(app, story.acme.defaultKey)).toEqual(refused);
  expect(await askWith(app, story.bolt.defaultKey)).toEqual(refused);
  const { confirmed } = await story.run('keys', 'confirm', '--all', '--org', story.acme.id);
  expect(confirmed).toHaveLength(1);
  expect(await askWith(app, story.acme.defaultKey)).toEqual(welcome);
  expect(await askWith(app, story.bolt.defaultKey)).toEqual(refused);
  // The ledger that began with this restore covers none of the time before it.
  await app.close();
  expect(await story.run('restore', 'copy.db')).toMatchObject({ ledger: 'short', held: 2 });
});

test('copying an old file over the store brings back no revoked key either', async () => {
  const story = await startStory();
  const doomed = await story.mint(story.acme);
  await story.run('backup', '--out', 'copy.db');
  await story.run('keys', 'revoke', doomed.id, '--org', story.acme.id);
  await story.close();
  copyFileSync(join(story.dataDir, 'copy.db'), join(story.dataDir, 'tenantry.db'));
  const app = await story.restart();
  expect(await askWith(app, doomed.plaintext)).toEqual(refused);
  expect(await askWith(app, story.acme.defaultKey)).toEqual(welcome);
  expect(app.log.join('\n')).toContain('older than its ledger');
});

test('restoring back and forth, also to what was replaced, never revives a key', async () => {
  const story = await startStory();
  const [first, second] = [await story.mint(story.acme), await story.mint(story.acme)];
  const org = ['--org', story.acme.id];
  await story.close();
  await story.run('backup', '--out', 'one.db');
  await story.run('keys', 'revoke', first.id, ...org);
  await story.run('backup', '--out', 'two.db');
  const third = await story.run('keys', 'mint', '--name', 'third', ...org);
  await story.run('restore', 'one.db');
  await story.run('keys', 'revoke', second.id, ...org);
  const [kept = ''] = readdirSync(story.dataDir).filter((name) => name.includes('.replaced-'));
  for (const [copy, keys] of [
    ['two.db', 4],
    ['one.db', 4],
    [kept, 5],
    ['two.db', 4],
  ] as const) {
    expect(await story.run('restore', copy), copy).toMatchObject({ ledger: 'whole', held: 0, keys });
    const app = await story.restart();
    expect(await askWith(app, first.plaintext), copy).toEqual(refused);
    expect(await askWith(app, second.plaintext), copy).toEqual(refused);
    expect(await askWith(app, third.auth_token), copy).toEqual(copy === kept ? welcome : refused);
    await app.close();
  }
  expect(existsSync(join(story.dataDir, kept))).toBe(true);
});
