import { load } from '../support/load.ts';
import { memoryMiB } from '../support/machine.ts';
import { bearer, call, modern, sendOnce } from '../support/request.ts';
import { makeFolder, removeFolder, startTenantry } from '../support/server.ts';
import { median, medianOrNull } from '../support/statistics.ts';
import type { Table } from '../support/table.ts';
import { demoKey } from './peers.ts';

const STARTS = 7;
const REQUESTS = 500_000;

/** How soon a process answers, and what it holds before and after half a million calls. */
export async function measureFootprint(): Promise<Table> {
  const folder = makeFolder({ demo: true });
  try {
    const first = await startTenantry(folder);
    const key = demoKey(first);
    await first.stop();
    const startsMs: number[] = [];
    const startMiB: (number | null)[] = [];
    for (let count = 0; count < STARTS; count += 1) {
      const startedMs = performance.now();
      const server = await startTenantry(folder);
      await sendOnce(server.url, modern(bearer(key), call('whoami')));
      startsMs.push(performance.now() - startedMs);
      startMiB.push(memoryMiB(server.pid, 'VmRSS'));
      await server.stop();
    }
    const server = await startTenantry(folder);
    const holdsMiB: (number | null)[] = [];
    const request = modern(bearer(key), call('whoami'));
    for (let done = 0; done < REQUESTS; ) {
      const seconds = 5;
      done += (await load(server, request, { seconds })).perSecond * seconds;
      holdsMiB.push(memoryMiB(server.pid, 'VmRSS'));
    }
    const mostMiB = memoryMiB(server.pid, 'VmHWM');
    await server.stop();
    const rows = [
      { name: START, values: { value: median(startsMs) } },
      { name: 'memory at the first answer, MiB', values: { value: medianOrNull(startMiB) } },
      { name: 'memory after the first 5 s of load, MiB', values: { value: holdsMiB[0] ?? null } },
      {
        name: `memory after ${REQUESTS.toLocaleString('en')} calls, MiB`,
        values: { value: holdsMiB.at(-1) ?? null },
      },
      { name: MOST, values: { value: mostMiB } },
    ];
    return {
      title: 'Start and memory',
      note: 'Medians of seven starts on a store that is there; with the compile cache warm.',
      rows,
    };
  } finally {
    removeFolder(folder);
  }
}

export const START = 'start to first answer, ms';
export const MOST = 'peak memory, MiB';
