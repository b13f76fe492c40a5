import { readFileSync } from 'node:fs';
import { contest, type Pace, runColumns } from '../support/contest.ts';
import { memoryMiB } from '../support/machine.ts';
import { call, modern } from '../support/request.ts';
import { seedKeys } from '../support/seed.ts';
import { type BenchServer, makeFolder, removeFolder, startTenantry } from '../support/server.ts';
import type { Table } from '../support/table.ts';

type Size = {
  readonly name: string;
  readonly keys: number;
  readonly organizations: number;
  readonly sample?: number;
};

export const FEW_KEYS = '100 keys, 2 organisations';
export const MANY_KEYS = '1,000,000 keys, 10,000 organisations';

const sizes: readonly Size[] = [
  { name: FEW_KEYS, keys: 100, organizations: 2 },
  { name: '10,000 keys, 2 organisations', keys: 10_000, organizations: 2 },
  { name: '10,000 keys, 100 organisations', keys: 10_000, organizations: 100 },
  { name: '10,000 keys, 10,000 organisations', keys: 10_000, organizations: 10_000 },
  { name: MANY_KEYS, keys: 1_000_000, organizations: 10_000 },
  { name: '1,000,000 keys, every one in use', keys: 1_000_000, organizations: 10_000, sample: 1_000_000 },
];

/** The same call on stores of growing size, each request with another key. */
export async function measureKeys(pace: Pace): Promise<Table> {
  const folders: string[] = [];
  const servers: BenchServer[] = [];
  try {
    const contestants = [];
    for (const { name, ...size } of sizes) {
      const folder = makeFolder();
      folders.push(folder);
      const { keysFile } = await seedKeys(folder, size);
      const server = await startTenantry(folder);
      servers.push(server);
      const [first = ''] = readFileSync(keysFile, 'utf8').split('\n', 1);
      const credential = { authorization: `Bearer ${first}` };
      contestants.push({ name, server, request: { ...modern(credential, call('whoami')), keysFile } });
    }
    const runs = await contest(contestants, pace);
    const few = runs.get(FEW_KEYS)?.perSecond ?? Number.NaN;
    const rows = contestants.flatMap(({ name, server }) => {
      const run = runs.get(name);
      if (run === undefined) return [];
      const most = memoryMiB(server.pid, 'VmHWM');
      return [{ name, values: { ...runColumns(run), [BESIDE]: run.perSecond / few, 'peak MiB': most } }];
    });
    return { title: 'tools/call by the size of the store', note: NOTE, rows };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    for (const folder of folders) removeFolder(folder);
  }
}

export const BESIDE = '× 100 keys';
const NOTE =
  'Each request has another key, out of 10,000 of the store that are in use, or all where there are fewer; in the last row ' +
  'out of a million, so that hardly any comes twice.';
