import { contest, type Pace, runColumns } from '../support/contest.ts';
import { bearer, call, modern } from '../support/request.ts';
import { type BenchServer, makeFolder, removeFolder, startTenantry } from '../support/server.ts';
import type { Table } from '../support/table.ts';
import { demoKey } from './peers.ts';

export const ONE = '1 worker';
export const TWO = '2 workers';

/** The same calls on one process and on two, both free to use the two cores that the load is on as well. */
export async function measureWorkers(pace: Pace): Promise<Table> {
  const folders: string[] = [];
  const servers: BenchServer[] = [];
  try {
    const contestants = [];
    for (const [name, workers] of [
      [ONE, 1],
      [TWO, 2],
    ] as const) {
      const folder = makeFolder({ demo: true, server: { workers } });
      folders.push(folder);
      const server = await startTenantry(folder, '0,1');
      servers.push(server);
      const key = bearer(demoKey(server));
      contestants.push({ name, server, request: modern(key, call('whoami')) });
      const search = call('search_agents', { query: 'nurse', limit: 20 });
      contestants.push({ name: `${name}, search_agents`, server, request: modern(key, search) });
    }
    const runs = await contest(contestants, pace);
    const rows = contestants.flatMap(({ name }) => {
      const run = runs.get(name);
      const single = runs.get(name.replace(TWO, ONE));
      if (run === undefined || single === undefined) return [];
      return [{ name, values: { ...runColumns(run), '× 1 worker': run.perSecond / single.perSecond } }];
    });
    return { title: 'Workers on two cores', note: NOTE, rows };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    for (const folder of folders) removeFolder(folder);
  }
}

const NOTE =
  'The load itself takes a part of the two cores, which the second worker then has not; all share one store.';
