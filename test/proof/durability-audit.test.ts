import { join } from 'node:path';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { emptyChain } from '../../src/audit/audit-event.ts';
import { startProgram, startServer } from '../support/program.ts';
import { newBook } from './durability/acts.ts';
import { mixedCall } from './durability/call-mix.ts';
import { keepAlive } from './durability/keep-alive.ts';
import { type AnsweredCall, codeIn, mismatches } from './durability/match-rows.ts';
import { makeTenant } from './durability/proof-tenant.ts';
import { newSeed, seededRandom } from './durability/random.ts';
import { readView } from './durability/store-view.ts';
import { proofFolder, serverEnvironment, times } from './durability/traced-run.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const CLIENTS = 16;

test('every call leaves one row, which says who called and what they were told', async (context) => {
  const count = trials({ planted: 500, ci: 10_000, full: 200_000 });
  const seed = newSeed();
  const folder = proofFolder();
  const env = serverEnvironment(folder);
  const server = await startServer(env, folder);
  const tenants = [
    await makeTenant(server.url, 'One', newBook()),
    await makeTenant(server.url, 'Two', newBook()),
  ];
  const client = keepAlive(server.url);
  const random = seededRandom(seed);
  const answered: AnsweredCall[] = [];
  const failures: string[] = [];
  let begun = 0;
  const startedAt = performance.now();
  const work = async () => {
    while (begun < count) {
      begun += 1;
      const { sent, ...call } = mixedCall(random, tenants, begun);
      const received = await client.send(sent);
      if (received.status >= 500) failures.push(`${sent.method} ${sent.path}: ${received.status}`);
      const { status, requestId } = received;
      answered.push({ ...call, status, requestId, code: codeIn(received), path: sent.path });
    }
  };
  await Promise.all(times(CLIENTS, work));
  const seconds = (performance.now() - startedAt) / 1000;
  client.close();
  // The counted refusals of the last minute are written when it stops.
  server.kill('SIGTERM');
  await server.closed;
  const verified = await startProgram(['audit', 'verify', '--json'], env, folder).closed;
  if (verified.code !== 0) failures.push(`audit verify: ${verified.stdout}${verified.stderr}`);
  const database = new Database(join(folder, 'tenantry.db'), { readonly: true });
  const { events } = readView(database, emptyChain);
  database.close();
  // What made the two organisations and their managers comes first.
  const known = new Set(events.slice(0, 2 * tenants.length).map(({ requestId }) => requestId));
  const later = events.filter(({ requestId }) => !known.has(requestId));
  prove(context, {
    id: 'durability.audit-complete',
    property: 'every call on MCP and REST, allowed, refused or malformed, leaves exactly one attributed row',
    trials: answered.length,
    unit: 'calls',
    failures: [...failures, ...mismatches(answered, later)],
    measured: {
      rows: later.length,
      intents: later.filter(({ kind }) => kind === 'intent').length,
      refused: answered.filter(({ status }) => status >= 400).length,
      distinct_codes: new Set(answered.map(({ code }) => code)).size,
      calls_per_second: Math.round(count / seconds),
      seed,
    },
    note: 'Refusals of a credential beyond 20 a minute and address are counted in a summary row; the counts add up.',
  });
});
