import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { expect, type TestContext, test } from 'vitest';
import { startServer } from '../support/program.ts';
import { leakIn, type ProbeName, probe, type Seen, type Subject } from './faults/probe.ts';
import { makeOldStore, runCommand } from './locks/old-store.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const ROWS = trials({ planted: 20_000, ci: 20_000, full: 1_000_000 });
const LACKING = 20;
const CALLERS = 8;

const asked: readonly ProbeName[] = ['whoami on REST', 'mint', 'list keys', 'whoami on REST'];

test('what an operator does at the command line costs the calls beside it time, and no error', async (context) => {
  const { dataDir, acme, subject, env } = await makeOldStore(ROWS, LACKING);
  const server = await startServer(env);
  const load = startLoad({ ...subject, url: server.url });
  const file = (name: string) => join(dataDir, name);
  const before = new Date(Date.now() - 86_400_000).toISOString();
  const commands = [
    ['audit', 'export'],
    ['keys', 'review', '--org', acme.id],
    ['keys', 'reconcile', '--out', file('minted.ndjson')],
    ['backup', '--out', file('copy.db')],
    ['audit', 'prune', '--before', before, '--out', file('old.ndjson'), '--json'],
    ['audit', 'verify', '--json', '--pruned', file('old.ndjson')],
  ] as const;
  const failures: string[] = [];
  const measured: Record<string, number> = {};
  for (const args of commands) {
    const name = args.slice(0, 2).join('_').replace('_--out', '');
    const { output, ended } = runCommand(args, env);
    const { code, stderr, tookMs } = await ended;
    measured[`${name}_ms`] = tookMs;
    // A review that found something ends with 1.
    if (code !== 0 && args[1] !== 'review') failures.push(`${name}: ${code} ${stderr}`);
    if (args[1] === 'prune' && JSON.parse(readFileSync(output, 'utf8')).removed < ROWS) {
      failures.push('not every old row was pruned');
    }
  }
  const seen = await load.stop();
  failures.push(...seen.flatMap(check));
  const minted = readFileSync(file('minted.ndjson'), 'utf8').trim().split('\n').length;
  // The one file that is meant to hold plaintexts.
  rmSync(file('minted.ndjson'));
  if (minted !== LACKING) failures.push(`${minted} default keys were made, not ${LACKING}`);
  server.kill('SIGTERM');
  const { code } = await server.closed;
  if (code !== 0) failures.push(`the server ended with ${code}`);
  prove(context, {
    id: 'store.operator',
    property:
      'Export, review, reconcile, backup and prune of a long trail cost the calls beside them no error.',
    trials: seen.length,
    unit: 'calls',
    failures,
    measured: {
      rows: ROWS,
      ...measured,
      slowest_call_ms: Math.round(Math.max(...seen.map(({ tookMs }) => tookMs))),
    },
  });
});

test('a prune that is killed half-way leaves a chain that is whole', async (context: TestContext) => {
  const { dataDir, env } = await makeOldStore(Math.min(ROWS, 50_000), 0);
  const before = new Date(Date.now() - 86_400_000).toISOString();
  const prune = ['audit', 'prune', '--before', before, '--out', join(dataDir, 'old.ndjson')];
  const { kill, ended } = runCommand(prune, env);
  const store = new Database(join(dataDir, 'tenantry.db'), { readonly: true });
  const count = (what: string) =>
    Number(store.prepare(`SELECT count(*) FROM audit WHERE ${what}`).pluck().get());
  while (count("kind = 'checkpoint'") === 0) await setTimeout(1);
  kill();
  await ended;
  const left = count('true');
  store.close();
  expect(left).toBeGreaterThan(1000);
  // It was written whole before the first row went.
  const pruned = ['--pruned', join(dataDir, 'old.ndjson')];
  const verify = runCommand(['audit', 'verify', '--json', ...pruned], env);
  const { code, stderr } = await verify.ended;
  const file = join(dataDir, 'rest.ndjson');
  const again = runCommand([...prune.slice(0, -1), file], env);
  const rest = await again.ended;
  const atLast = runCommand(['audit', 'verify', '--json', ...pruned, '--pruned', file], env);
  const last = await atLast.ended;
  prove(context, {
    id: 'audit.prune-killed',
    property:
      'A prune that is killed half-way leaves a chain that verifies, and the next one takes the rest.',
    trials: 1,
    unit: 'prunes',
    noRate: true,
    failures: [
      ...(code === 0 ? [] : [`audit verify: ${readFileSync(verify.output, 'utf8')}${stderr}`]),
      ...(rest.code === 0 ? [] : [`the next prune: ${rest.stderr}`]),
      ...(last.code === 0 ? [] : [`audit verify of both files: ${readFileSync(atLast.output, 'utf8')}`]),
    ],
    measured: { rows_left: left },
  });
});

function check(seen: Seen): string[] {
  const { what, status, code, answer } = seen;
  const isWell = status === 200 || status === 201;
  return [...leakIn(seen), ...(isWell ? [] : [`${what}: ${status} ${code ?? answer.text}`])];
}

/** Callers that ask one thing after the other until they are stopped. */
function startLoad(subject: Subject) {
  let isOver = false;
  const callers = Array.from({ length: CALLERS }, async (_, caller) => {
    const seen: Seen[] = [];
    for (let turn = caller; !isOver; turn += 1) {
      seen.push(await probe(asked[turn % asked.length] ?? 'mint', subject));
      // The commands have something to do, too.
      await setTimeout(10);
    }
    return seen;
  });
  return {
    async stop(): Promise<readonly Seen[]> {
      isOver = true;
      return (await Promise.all(callers)).flat();
    },
  };
}
