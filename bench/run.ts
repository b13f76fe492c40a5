import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureFootprint } from './parts/footprint.ts';
import { measureKeys } from './parts/keys.ts';
import { measurePeers } from './parts/peers.ts';
import { measureSearch } from './parts/search.ts';
import { measureVerification } from './parts/verification.ts';
import { measureWorkers } from './parts/workers.ts';
import type { Pace } from './support/contest.ts';
import { machine } from './support/machine.ts';
import { root } from './support/server.ts';
import { formatTable, type Table } from './support/table.ts';

const parts: Readonly<Record<string, (pace: Pace) => Promise<Table>>> = {
  peers: measurePeers,
  verification: measureVerification,
  keys: measureKeys,
  workers: measureWorkers,
  search: measureSearch,
  footprint: measureFootprint,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    seconds: { type: 'string', default: '4' },
    repetitions: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const pace = { seconds: Number(values.seconds), repetitions: Number(values.repetitions) };
const tables: Record<string, Table> = {};
for (const [name, measure] of Object.entries(parts)) {
  if (values.only !== undefined && !values.only.includes(name)) continue;
  console.error(`measuring ${name} …`);
  tables[name] = await measure(pace);
  if (!values.json) console.log(formatTable(tables[name]));
}
if (values.json) console.log(JSON.stringify({ machine: machine(), pace, tables }, null, 2));
writeFileSync(
  join(root, 'bench/results.json'),
  JSON.stringify({ machine: machine(), pace, tables }, null, 2),
);
