import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { openStore } from '../../db/sqlite/open-store.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { operatorRow } from '../../src/audit/operator-row.ts';
import { createClock } from '../../src/clock.ts';
import { startProgram } from '../support/program.ts';
import { type Commands, createCommands, createOrganization, linesOf } from './commands.ts';

/** Portions of a prune have 5,000 rows each. */
const ROWS = 11_000;
const OLD_MS = Date.parse('2026-01-01T00:00:00Z');
const prune = (out: string) => ['audit', 'prune', '--before', '2026-02-01', '--out', out];
const pruned = (...files: string[]) => files.flatMap((file) => ['--pruned', file]);

const fileOf = ({ dir }: Commands): string => join(dir, 'data', 'tenantry.db');

async function writeOldRows(commands: Commands): Promise<void> {
  await commands.run(['orgs', 'list']);
  const store = openStore(fileOf(commands), {
    durability: 'process',
    auditChain,
    clock: createClock(
      () => OLD_MS,
      () => 0,
    ),
  });
  const row = operatorRow({ tier: 'cli', target: 'x', organizationId: null, nowMs: OLD_MS });
  await Promise.all(Array.from({ length: ROWS }, () => store.audit.append(row)));
  await store.close();
}

function oldestRow(commands: Commands): number {
  const database = new Database(fileOf(commands), { readonly: true });
  const seq = database.prepare('SELECT min(seq) FROM audit').pluck().get();
  database.close();
  return Number(seq);
}

/** What verify says of the store: its exit code and the first line. */
async function verify(commands: Commands, ...more: string[]) {
  const { code, stdout, stderr } = await commands.run(['audit', 'verify', ...more]);
  return [code, linesOf(stderr + stdout)[0]];
}

/** The file, with what one of its rows says changed. */
function altered({ dir }: Commands, file: string, seq: number): string {
  const name = `altered-${seq}-${file}`;
  const lines = linesOf(readFileSync(join(dir, file), 'utf8'));
  const changed = lines.map((line) =>
    JSON.parse(line).seq === seq ? line.replace('"target":"x"', '"target":"y"') : line,
  );
  expect(changed).not.toEqual(lines);
  writeFileSync(join(dir, name), changed.map((line) => `${line}\n`).join(''));
  return name;
}

test('a prune that was killed in its middle left all rows, in the file or the store, and can be made again', {
  timeout: 240_000,
}, async () => {
  const commands = createCommands();
  await writeOldRows(commands);
  const program = startProgram(
    prune('one.ndjson'),
    { TENANTRY_CONFIG: join(commands.dir, 'mcp.config.json') },
    commands.dir,
  );
  await expect.poll(() => oldestRow(commands), { interval: 2, timeout: 60_000 }).toBeGreaterThan(1);
  program.kill('SIGKILL');
  expect(await program.closed).toMatchObject({ signal: 'SIGKILL' });
  const oldest = oldestRow(commands);
  expect(oldest).toBeLessThan(ROWS);
  expect(await verify(commands)).toEqual([1, expect.stringMatching(/^NOT PROVEN: the rows up to /)]);
  expect(await verify(commands, ...pruned('one.ndjson'))).toEqual([0, expect.stringMatching(/^ok: /)]);
  const inStore = altered(commands, 'one.ndjson', oldest + 1);
  expect(await verify(commands, ...pruned(inStore))).toEqual([
    1,
    expect.stringMatching(
      new RegExp(`^NOT PROVEN: row ${oldest + 1} of the files given is not as the store has it`),
    ),
  ]);

  expect(await commands.run(prune('two.ndjson'))).toMatchObject({ code: 0 });
  expect(oldestRow(commands)).toBeGreaterThan(oldest);
  for (const files of [
    ['one.ndjson', 'two.ndjson'],
    ['two.ndjson', 'one.ndjson'],
  ])
    expect(await verify(commands, ...pruned(...files))).toEqual([0, expect.stringMatching(/^ok: /)]);
  const one = altered(commands, 'one.ndjson', oldest);
  const two = altered(commands, 'two.ndjson', oldest);
  for (const files of [pruned(one, 'two.ndjson'), pruned('one.ndjson', two)])
    expect(await verify(commands, ...files)).toEqual([
      1,
      expect.stringMatching(
        new RegExp(`^NOT PROVEN: of the pruned rows given, row ${oldest} is not as it was`),
      ),
    ]);
});

test('in a store that was restored from a backup older than the prune, verify says what to do', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'One');
  await commands.run(['backup', '--out', 'copy.db']);
  await createOrganization(commands, 'Two');
  await createOrganization(commands, 'Three');
  const { events } = await commands.json(['audit', 'list']);
  const [newest] = events;
  await expect.poll(() => new Date().toISOString()).not.toBe(newest.at);
  const all = ['audit', 'prune', '--before', new Date().toISOString(), '--out', 'old.ndjson'];
  expect(await commands.run(all)).toMatchObject({ code: 0 });
  expect(await commands.run(['restore', 'copy.db'])).toMatchObject({ code: 0 });
  const [code, line] = await verify(commands, ...pruned('old.ndjson'));
  expect([code, line]).toEqual([
    1,
    expect.stringMatching(
      /^NOT PROVEN: row \d+ of the files given .* backup older than the prune .* verify without that file/,
    ),
  ]);
  expect(await verify(commands)).toEqual([0, expect.stringMatching(/^ok: /)]);
});
