import { readFileSync } from 'node:fs';
import { bearer, call, modern, sendOnce } from '../support/request.ts';
import { seedAgents, seedKeys } from '../support/seed.ts';
import { makeFolder, removeFolder, startTenantry } from '../support/server.ts';
import { median, quantile } from '../support/statistics.ts';
import type { Row, Table } from '../support/table.ts';

/** The seed's words from the most common (`bababa`) to rarer ones, alone, together, and with filters. */
const queries: Readonly<Record<string, object>> = {
  'an occupation': { query: 'nurse' },
  'the most common word': { query: 'bababa' },
  'two common words': { query: 'babalo babami' },
  'three words': { query: 'teacher bababa lokater' },
  'a word that is nowhere': { query: 'nurse zzyzx' },
  'one agent': { query: '4711' },
  'a word and filters': { query: 'teacher', country: 'DE', min_age: 60 },
  'filters alone': { country: 'BR', gender: 'female', max_age: 25 },
  'no words': {},
};
const ROUNDS = 60;

export const LARGE = '1,000,000 agents';
const SMALL = '1,000 agents';
const BESIDE_LARGE = '1,000 agents beside a million of another organisation';

/** How long a search takes, one at a time: in a small panel, a large one, and a small one beside the large one. */
export async function measureSearch(): Promise<Table> {
  const alone = await searchTimes([{ name: SMALL, agents: 1000 }]);
  const together = await searchTimes([
    { name: LARGE, agents: 1_000_000 },
    { name: BESIDE_LARGE, agents: 1000 },
  ]);
  return {
    title: 'search_agents by the size of the panel, in milliseconds',
    note: NOTE,
    rows: [...alone, ...together],
  };
}

const NOTE = `One request at a time, over HTTP, ${ROUNDS} of each kind: ${Object.keys(queries).join('; ')}.`;

async function searchTimes(panels: readonly { name: string; agents: number }[]): Promise<readonly Row[]> {
  const folder = makeFolder();
  try {
    const { organizationIds, keysFile } = await seedKeys(folder, {
      organizations: panels.length,
      keys: panels.length,
    });
    const keys = readFileSync(keysFile, 'utf8').split('\n');
    for (const [index, { agents }] of panels.entries())
      seedAgents(folder, organizationIds[index] ?? '', agents);
    const server = await startTenantry(folder);
    try {
      const rows: Row[] = [];
      for (const [index, { name }] of panels.entries()) {
        const timesMs = await times(server.url, keys[index] ?? '');
        const values = { p50: median(timesMs), p95: quantile(timesMs, 0.95), most: quantile(timesMs, 1) };
        rows.push({ name, values });
      }
      return rows;
    } finally {
      await server.stop();
    }
  } finally {
    removeFolder(folder);
  }
}

async function times(url: string, key: string): Promise<number[]> {
  const found: number[] = [];
  for (let round = -5; round < ROUNDS; round += 1) {
    for (const query of Object.values(queries)) {
      const startedMs = performance.now();
      const answer = await sendOnce(url, modern(bearer(key), call('search_agents', query)));
      if (answer.status !== 200) throw new Error(`a search was answered ${answer.status}: ${answer.text}`);
      if (round >= 0) found.push(performance.now() - startedMs);
    }
  }
  return found;
}
