import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import type { AuditEvent } from '../../src/audit/audit-event.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';

const AUDIT_KEY = createHash('sha256').update('of these tests').digest('hex');
const OTHER_KEY = createHash('sha256').update('another').digest('hex');
const signed = { AUDIT_KEY };

async function createRows(commands: Commands, count: number): Promise<void> {
  for (let made = 0; made < count; made += 1) await createOrganization(commands, `Organisation ${made}`);
}

/** Prunes all rows so far but the newest `left`. */
async function prune(commands: Commands, left: number, out: string, env = {}, ...more: string[]) {
  await setTimeout(2);
  const { events } = await commands.json(['audit', 'list']);
  const before = left === 0 ? new Date().toISOString() : events[left - 1].at;
  return commands.run(['audit', 'prune', '--before', before, '--out', out, ...more], env);
}

const verify = (commands: Commands, args: readonly string[] = [], env = {}) =>
  commands.run(['audit', 'verify', ...args], env);

const pruned = (...files: string[]) => files.flatMap((file) => ['--pruned', file]);

/** Makes all hashes from row `seq` on anew, as anybody can who writes the store. */
function rehash(commands: Commands, change: (rows: Map<number, AuditEvent>) => void): void {
  const database = new Database(join(commands.dir, 'data', 'tenantry.db'));
  const columns =
    'kind at request_id organization_id tier key_id key_prefix user_id created_by on_behalf_of method target tool status error_code duration_ms client_address client_name era change'.split(
      ' ',
    );
  const names = Object.keys(auditChain.values({} as AuditEvent)).length;
  expect(columns).toHaveLength(names);
  const select = columns.map((name) => `${name} AS ${camel(name)}`).join(', ');
  const rows = database.prepare<[], AuditEvent>(`SELECT seq, hash, ${select} FROM audit ORDER BY seq`).all();
  const bySeq = new Map(rows.map((row) => [row.seq, { ...row }]));
  change(bySeq);
  database.exec('DELETE FROM audit');
  const places = [...columns, 'seq', 'hash'].map(() => '?').join(', ');
  const insert = database.prepare(
    `INSERT INTO audit (${[...columns, 'seq', 'hash'].join(', ')}) VALUES (${places})`,
  );
  let previous: string | undefined;
  for (const [seq, row] of [...bySeq].sort(([a], [b]) => a - b)) {
    const values = auditChain.values(row);
    const hash = previous === undefined ? row.hash : auditChain.hash(previous, seq, values);
    insert.run([...values, seq, hash]);
    previous = hash;
  }
  database.close();
}

const camel = (name: string): string => name.replaceAll(/_(.)/g, (_, letter: string) => letter.toUpperCase());

/** Removes the rows up to `seq` and appends the checkpoint that would follow from it, without the key. */
function forgeCheckpoint(commands: Commands, through: number, more: object = {}): void {
  rehash(commands, (rows) => {
    const last = [...rows.values()].at(-1);
    const removed = rows.get(through);
    if (last === undefined || removed === undefined) throw new Error('no rows');
    const change = { removed_head: `${through}:${removed.hash}`, head: `${last.seq}:${last.hash}`, ...more };
    const made = {
      kind: 'checkpoint',
      tier: 'cli',
      method: 'cli',
      target: 'audit prune',
      organizationId: null,
    } as const;
    rows.set(last.seq + 1, { ...last, ...made, change: JSON.stringify(change) });
    for (const seq of rows.keys()) if (seq <= through) rows.delete(seq);
  });
}

test('rows that were cut off behind a forged checkpoint are missed, with a kept head and with a key too', async () => {
  const commands = createCommands();
  await createRows(commands, 6);
  const kept = linesOf((await commands.run(['audit', 'export'])).stderr)[0] ?? '';
  forgeCheckpoint(commands, 4);
  for (const [args, env] of [
    [[], {}],
    [['--head', kept], {}],
    [['--head', kept], signed],
  ] as const) {
    const { code, stdout, stderr } = await verify(commands, args, env);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/^NOT PROVEN: the rows up to 4 were pruned/)]);
    expect(stdout).toMatch(/^checkpoint in row 7: cli pruned the rows up to 4 at 20.*Z; it is not signed$/m);
  }
  const { stdout } = await verify(commands, ['--json']);
  expect(JSON.parse(stdout)).toMatchObject({
    ok: false,
    broken_at: null,
    checkpoints: [{ row: 7, by: 'cli', removed_through: 4, signature: 'none', proof: null }],
  });
});

test('with a key a prune is signed, and says who did it, when and up to which row', async () => {
  const commands = createCommands();
  await createRows(commands, 5);
  const ended = await prune(commands, 2, 'old.ndjson', signed);
  expect(ended.stdout).toMatch(/^Removed head: 3:[0-9a-f]{64}:[0-9a-f]{64}$/m);
  expect(await verify(commands, [], signed)).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(
      /^ok: 3 rows, head 6:.*\ncheckpoint in row 6: cli pruned the rows up to 3 at .*; its signature is valid\n$/,
    ),
  });
  const unchecked = await verify(commands);
  expect([unchecked.code, unchecked.stderr]).toEqual([
    1,
    expect.stringContaining('not checked without AUDIT_KEY'),
  ]);
  expect(unchecked.stdout).toContain('its signature was not checked: AUDIT_KEY is not set');
  const other = await verify(commands, [], { AUDIT_KEY: OTHER_KEY });
  expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('does not fit AUDIT_KEY')]);
  expect(await verify(commands, pruned('old.ndjson'))).toMatchObject({ code: 0 });

  // A signature is for one checkpoint in one place: neither more rows nor other ones come under it.
  const { change } = (await commands.json(['audit', 'list', '--limit', '1'])).events[0];
  forgeCheckpoint(commands, 4, { signature: change.signature });
  expect(await verify(commands, [], signed)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('AUDIT_KEY'),
  });
});

test('rows between the removed ones and a signed checkpoint cannot be made anew', async () => {
  const commands = createCommands();
  await createRows(commands, 5);
  await prune(commands, 3, 'old.ndjson', signed);
  const remake = (moveCheckpoint: boolean) =>
    rehash(commands, (rows) => {
      const [row, checkpoint, last] = [rows.get(4), rows.get(6), rows.get(5)];
      if (row === undefined || checkpoint === undefined) throw new Error('no rows');
      rows.set(4, { ...row, target: 'orgs list' });
      const change = { ...JSON.parse(checkpoint.change ?? ''), head: `5:${last?.hash}` };
      if (moveCheckpoint) rows.set(6, { ...checkpoint, change: JSON.stringify(change) });
    });
  remake(false);
  const moved = await verify(commands, [], signed);
  expect(moved).toMatchObject({
    code: 1,
    stderr: 'BROKEN at row 6: a checkpoint is not where it was made.\n',
  });
  // Said to be made behind the new rows, its signature is wrong.
  remake(true);
  expect(await verify(commands, [], signed)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('does not fit'),
  });
});

test('of the files given each must be whole, unchanged, in its place and of this store', async () => {
  const commands = createCommands();
  await createRows(commands, 4);
  await prune(commands, 2, 'one.ndjson');
  await createRows(commands, 2);
  await prune(commands, 1, 'two.ndjson');
  const dir = commands.dir;
  const write = (name: string, lines: readonly string[]): string => {
    writeFileSync(join(dir, name), lines.map((line) => `${line}\n`).join(''));
    return name;
  };
  const [one, two] = ['one.ndjson', 'two.ndjson'].map((name) =>
    linesOf(readFileSync(join(dir, name), 'utf8')),
  );
  if (one === undefined || two === undefined) throw new Error('no files');
  const good = [
    pruned('one.ndjson', 'two.ndjson'),
    pruned('two.ndjson', 'one.ndjson'),
    pruned(write('both.ndjson', [...one, ...two])),
  ];
  for (const args of good) {
    const { code, stdout } = await verify(commands, args);
    expect([code, stdout.match(/; it is not signed, the rows were given$/gm)?.length]).toEqual([0, 2]);
  }
  const altered = (lines: readonly string[], index: number) =>
    lines.map((line, at) => (at === index ? line.replace('"orgs create"', '"orgs list"') : line));
  const swapped = [two[1] ?? '', two[0] ?? '', ...two.slice(2)];
  const stranger = createCommands();
  await createRows(stranger, 4);
  await prune(stranger, 2, 'one.ndjson');
  const foreign = linesOf(readFileSync(join(stranger.dir, 'one.ndjson'), 'utf8'));
  const bad: [string, readonly string[]][] = [
    ['none', []],
    ['the older alone', pruned('one.ndjson')],
    ['the newer alone', pruned('two.ndjson')],
    ['one without its end', pruned('one.ndjson', write('a.ndjson', two.slice(0, -1)))],
    ['one without its beginning', pruned(write('b.ndjson', one.slice(1)), 'two.ndjson')],
    ['a row removed', pruned('one.ndjson', write('c.ndjson', two.toSpliced(1, 1)))],
    ['two rows in each other’s place', pruned('one.ndjson', write('d.ndjson', swapped))],
    ['the first row altered', pruned(write('e.ndjson', altered(one, 0)), 'two.ndjson')],
    ['the last row altered', pruned('one.ndjson', write('f.ndjson', altered(two, two.length - 1)))],
    ['one of another store', pruned(write('g.ndjson', foreign), 'two.ndjson')],
    ['what is no row', pruned('one.ndjson', write('h.ndjson', [...two, '{}']))],
    ['what is no JSON', pruned('one.ndjson', write('i.ndjson', [...two, 'x']))],
    ['an empty one', pruned('one.ndjson', write('j.ndjson', []), 'two.ndjson')],
    ['one that is not there', pruned('absent.ndjson')],
  ];
  for (const [what, args] of bad) {
    const { code, stdout, stderr } = await verify(commands, args);
    expect([what, code, stdout.startsWith('ok'), stderr === '']).toEqual([what, 1, false, false]);
  }
  // Files share rows where a prune was stopped half-way, and made again.
  const shared = pruned('one.ndjson', 'one.ndjson', write('k.ndjson', [...one.slice(-1), ...two]));
  expect((await verify(commands, shared)).code).toBe(0);
});

test('a head is signed with the key, and one that was signed by nobody is refused', async () => {
  const commands = createCommands();
  await createRows(commands, 2);
  const exported = await commands.run(['audit', 'export'], signed);
  const head = linesOf(exported.stderr)[0] ?? '';
  expect(head).toMatch(/^2:[0-9a-f]{64}:[0-9a-f]{64}$/);
  expect(JSON.parse((await commands.run(['audit', 'export', '--json'], signed)).stdout).head).toBe(head);
  expect((await commands.json(['backup', '--out', 'copy.db'], signed)).head).toBe(head);
  await createRows(commands, 1);
  expect(await verify(commands, ['--head', head], signed)).toMatchObject({ code: 0 });
  expect(await verify(commands, ['--head', head.slice(0, -65)], signed)).toMatchObject({ code: 0 });
  const forged = `${head.slice(0, -1)}${head.endsWith('0') ? '1' : '0'}`;
  expect(await verify(commands, ['--head', forged], signed)).toMatchObject({
    code: 1,
    stderr: expect.stringContaining('AUDIT_KEY'),
  });
  const unchecked = await verify(commands, ['--head', forged]);
  expect([unchecked.code, unchecked.stdout]).toEqual([
    0,
    expect.stringContaining('was not checked: AUDIT_KEY is not set'),
  ]);
});

test('nothing is signed over rows that nobody can account for', async () => {
  const commands = createCommands();
  await createRows(commands, 5);
  await prune(commands, 3, 'unsigned.ndjson');
  for (const args of [
    ['audit', 'export'],
    ['backup', '--out', 'copy.db'],
  ]) {
    const { code, stdout, stderr } = await commands.run(args, signed);
    expect([code, stdout + stderr]).toEqual([0, expect.stringMatching(/^(?:.*: )?\d+:[0-9a-f]{64}$/m)]);
    expect(stderr).toMatch(/The head is not signed: the rows up to 2 were pruned, /);
  }
  const refused = await prune(commands, 1, 'new.ndjson', signed);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^Not signed, .* Nothing was removed\.\n$/),
  });
  expect(await prune(commands, 1, 'new.ndjson', signed, ...pruned('unsigned.ndjson'))).toMatchObject({
    code: 0,
  });
  expect(await verify(commands, [], signed)).toMatchObject({ code: 0 });
});

test('the head of a chain that is broken is not signed', async () => {
  const commands = createCommands();
  await createRows(commands, 3);
  commands.tamper("UPDATE audit SET target = 'orgs list' WHERE seq = 2");
  const exported = await commands.run(['audit', 'export'], signed);
  expect(linesOf(exported.stderr)).toEqual([
    expect.stringMatching(/^3:[0-9a-f]{64}$/),
    'The head is not signed: row 2: a row was changed.',
  ]);
});

test('a store without rows proves nothing', async () => {
  const commands = createCommands();
  await createRows(commands, 1);
  commands.tamper('DELETE FROM audit');
  expect(await verify(commands)).toMatchObject({
    code: 1,
    stderr: 'NOT PROVEN: the store has no audit rows.\n',
  });
});

test.each([
  ['', 'at least 32 bytes'],
  ['short', 'at least 32 bytes'],
  ['x'.repeat(64), 'a random value'],
  ['please-change-me-please-change-me-1', 'a random value'],
  [`tnt_a1B2c3D4_${'x'.repeat(60)}`, 'something that does not look like a key'],
])('a weak AUDIT_KEY ends the command with 78: "%s"', async (key, expected) => {
  const { code, stderr } = await createCommands().run(['audit', 'verify'], { AUDIT_KEY: key });
  expect([code, stderr]).toEqual([78, expect.stringContaining(`AUDIT_KEY: expected ${expected}`)]);
  if (key !== '') expect(stderr).not.toContain(key);
});
