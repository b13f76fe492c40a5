import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { measureFootprint } from './parts/footprint.ts';
import { measureKeys } from './parts/keys.ts';
import { measurePeers } from './parts/peers.ts';
import { measureRoutes } from './parts/routes.ts';
import { measureSearch } from './parts/search.ts';
import { measureVerification } from './parts/verification.ts';
import { measureWorkers } from './parts/workers.ts';
import { chartOf } from './support/chart.ts';
import type { Pace } from './support/contest.ts';
import { machine } from './support/machine.ts';
import { root } from './support/server.ts';
import { formatTable, type Table } from './support/table.ts';
import { checkTargets, formatTargets } from './support/targets.ts';

const parts: Readonly<Record<string, (pace: Pace) => Promise<Table>>> = {
  peers: measurePeers,
  verification: measureVerification,
  keys: measureKeys,
  workers: measureWorkers,
  search: measureSearch,
  routes: measureRoutes,
  footprint: measureFootprint,
};

const { values } = parseArgs({
  options: {
    only: { type: 'string', multiple: true, default: Object.keys(parts) },
    seconds: { type: 'string', default: '4' },
    repetitions: { type: 'string', default: '5' },
    json: { type: 'boolean', default: false },
  },
});
const unknown = values.only.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0)
  throw new Error(`no part ${unknown.join(', ')}; there are ${Object.keys(parts).join(', ')}`);

const pace = { seconds: Number(values.seconds), repetitions: Number(values.repetitions) };
const tables: Record<string, Table> = {};
for (const [name, measure] of Object.entries(parts)) {
  if (!values.only.includes(name)) continue;
  console.error(`measuring ${name} …`);
  const table = await measure(pace);
  tables[name] = table;
  if (!values.json) console.log(formatTable(table));
}
const targets = checkTargets(tables);
const result = { measuredAt: new Date().toISOString(), machine: machine(), pace, targets, tables };
console.log(values.json ? JSON.stringify(result, null, 2) : formatTargets(targets));

// A part of the bench is for a developer; docs/performance.md shows the whole.
if (Object.keys(tables).length === Object.keys(parts).length) {
  writeFileSync(join(root, 'bench/results.json'), `${JSON.stringify(result, null, 2)}\n`);
  const title = 'Requests per second, as a share of a bare node:http server that answers the same bytes';
  if (tables.peers) writeFileSync(join(root, 'bench/results.svg'), chartOf(tables.peers, '× bare', title));
}
