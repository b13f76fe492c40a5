import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openStore } from '../../db/sqlite/open-store.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { createClock } from '../../src/clock.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { refusalOf } from '../../src/keys/key-record.ts';
import type { Pace } from '../support/contest.ts';
import { seedKeys } from '../support/seed.ts';
import { makeFolder, removeFolder, root } from '../support/server.ts';
import { median } from '../support/statistics.ts';
import type { Table } from '../support/table.ts';

const KEYS = 100;
/** As many at once as a loaded server is asked in one turn of its event loop. */
const AT_ONCE = 16;

/** Verifying a key and nothing else: parse, find in SQLite, check. */
export async function measureVerification({ seconds, repetitions }: Pace): Promise<Table> {
  const folder = makeFolder();
  try {
    const { keysFile } = await seedKeys(folder, { organizations: 2, keys: KEYS });
    const keys = readFileSync(keysFile, 'utf8').split('\n');
    const file = join(folder, 'tenantry.db');
    const single: number[] = [];
    const together: number[] = [];
    const others: number[] = [];
    for (let round = 0; round < repetitions; round += 1) {
      single.push(await verify(file, keys, 1, seconds));
      together.push(await verify(file, keys, AT_ONCE, seconds));
      others.push(await betterAuth(seconds));
    }
    const base = median(others);
    const row = (name: string, perSecond: readonly number[]) => ({
      name,
      values: { 'verifications/s': median(perSecond), '× better-auth': median(perSecond) / base },
    });
    const rows = [
      row('Tenantry, one at a time', single),
      row(`Tenantry, ${AT_ONCE} at once`, together),
      row('better-auth api-key, one at a time', others),
    ];
    return { title: 'Verifying a key, in one process, on SQLite', note: NOTE, rows };
  } finally {
    removeFolder(folder);
  }
}

const NOTE =
  `${KEYS} keys in turn; better-auth's rate limit is off. better-auth notes each use in the same transaction, ` +
  'Tenantry once a minute and beside the request.';

async function verify(
  file: string,
  keys: readonly string[],
  atOnce: number,
  seconds: number,
): Promise<number> {
  const store = openStore(file, {
    durability: 'process',
    auditChain,
    clock: createClock(Date.now, () => performance.now()),
  });
  const format = createKeyFormat('tnt');
  const one = async (index: number) => {
    const parsed = format.parse(keys[index % keys.length] ?? '');
    const found = parsed && (await store.keys.find(parsed.hash));
    if (found === undefined || refusalOf(found.key, Date.now()) !== undefined)
      throw new Error('a key is not valid');
  };
  const startedMs = performance.now();
  let verified = 0;
  while (performance.now() - startedMs < seconds * 1000) {
    await Promise.all(Array.from({ length: atOnce }, (_, index) => one(verified + index)));
    verified += atOnce;
  }
  const perSecond = (verified * 1000) / (performance.now() - startedMs);
  await store.close();
  return perSecond;
}

async function betterAuth(seconds: number): Promise<number> {
  const program = join(root, 'bench/peers/better-auth.mjs');
  const { stdout } = await promisify(execFile)(process.execPath, [program, String(KEYS), String(seconds)]);
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '{}').perSecond;
}
