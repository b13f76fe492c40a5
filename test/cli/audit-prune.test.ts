import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';

async function createRows(commands: Commands, count: number) {
  for (let made = 0; made < count; made += 1) await createOrganization(commands, `Organisation ${made}`);
  const { events } = await commands.json(['audit', 'list']);
  return events.reverse();
}

/** A time that has come, after every row so far. */
async function afterAll(): Promise<string> {
  await setTimeout(2);
  return new Date().toISOString();
}

test('pruned rows are in a file for its owner alone, and the chain still holds', async () => {
  const commands = createCommands();
  const rows = await createRows(commands, 4);
  const kept = linesOf((await commands.run(['audit', 'export'])).stderr)[0] ?? '';
  const removedHead = `2:${rows[1].hash}`;
  const prune = ['audit', 'prune', '--before', rows[2].at, '--out', 'old.ndjson'];
  const { code, stdout } = await commands.runApart(prune);
  expect([code, stdout]).toEqual([0, expect.stringContaining(removedHead)]);
  expect(stdout).toMatch(/The chain goes on from there: .* checkpoint row/);

  const file = join(commands.dir, 'old.ndjson');
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(linesOf(readFileSync(file, 'utf8')).map((line) => JSON.parse(line))).toEqual(rows.slice(0, 2));
  const left = (await commands.json(['audit', 'list'])).events.reverse();
  expect(left.slice(0, 2)).toEqual(rows.slice(2));
  expect(left[2]).toMatchObject({ kind: 'checkpoint', change: { removed_head: removedHead }, tier: 'cli' });
  expect(left).toHaveLength(3);
  for (const head of [[], ['--head', kept], ['--head', removedHead]]) {
    const verify = (...more: string[]) => commands.run(['audit', 'verify', ...head, ...more]);
    expect(await verify('--pruned', 'old.ndjson')).toMatchObject({ code: 0 });
    expect(await verify()).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^NOT PROVEN: .* up to 2 /),
    });
  }
  const older = await commands.run(['audit', 'verify', '--head', `1:${rows[0].hash}`]);
  expect(older).toMatchObject({ code: 1, stderr: expect.stringMatching(/^NOT PROVEN: .* pruned/) });
  commands.tamper("DELETE FROM audit WHERE kind = 'checkpoint'");
  expect(await commands.run(['audit', 'verify'])).toMatchObject({ code: 1 });
});

test('a trail can be pruned whole, and again', async () => {
  const commands = createCommands();
  const rows = await createRows(commands, 2);
  const prune = async (out: string) =>
    commands.json(['audit', 'prune', '--before', await afterAll(), '--out', out]);
  const file = join(commands.dir, 'one.ndjson');
  expect(await prune('one.ndjson')).toEqual({ removed: 2, removed_head: `2:${rows[1].hash}`, file });
  expect(await prune('two.ndjson')).toMatchObject({ removed: 1 });
  const both = ['audit', 'verify', '--pruned', 'two.ndjson', '--pruned', 'one.ndjson'];
  expect(await commands.json(both)).toMatchObject({ ok: true, rows: 1 });
});

test('with nothing that old there is no file and no checkpoint', async () => {
  const commands = createCommands();
  const rows = await createRows(commands, 1);
  const prune = ['audit', 'prune', '--before', rows[0].at, '--out', 'old.ndjson'];
  expect(await commands.run(prune)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing to prune/),
  });
  expect(await commands.json(prune)).toEqual({ removed: 0, removed_head: null, file: null });
  expect(existsSync(join(commands.dir, 'old.ndjson'))).toBe(false);
  expect((await commands.json(['audit', 'list'])).events).toEqual(rows);
});

test('where the file cannot be made, nothing is removed', async () => {
  const commands = createCommands();
  const rows = await createRows(commands, 1);
  writeFileSync(join(commands.dir, 'old.ndjson'), 'mine');
  for (const [out, problem] of [
    ['old.ndjson', 'exists already'],
    ['no-such-folder/old.ndjson', 'does not exist'],
  ] as const) {
    const ended = await commands.run(['audit', 'prune', '--before', await afterAll(), '--out', out]);
    expect(ended).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(problem) });
  }
  expect(readFileSync(join(commands.dir, 'old.ndjson'), 'utf8')).toBe('mine');
  expect((await commands.json(['audit', 'list'])).events).toEqual(rows);
});

test('a broken chain is not made whole by pruning its broken part', async () => {
  const commands = createCommands();
  const rows = await createRows(commands, 3);
  commands.tamper("UPDATE audit SET target = 'orgs list' WHERE seq = 2");
  const prune = (before: string, out: string) =>
    commands.run(['audit', 'prune', '--before', before, '--out', out]);
  const refused = await prune(await afterAll(), 'all.ndjson');
  expect(refused).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('broken at row 2') });
  expect(existsSync(join(commands.dir, 'all.ndjson'))).toBe(false);
  expect((await commands.json(['audit', 'list'])).events).toHaveLength(3);
  expect(await prune(rows[1].at, 'first.ndjson')).toMatchObject({ code: 0 });
  expect(await commands.run(['audit', 'verify'])).toMatchObject({ code: 1 });
});
