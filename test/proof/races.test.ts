import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished, test } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { ADMIN_TOKEN } from '../support/operator.ts';
import { startServer } from '../support/program.ts';
import { type Answered, type Line, openLine } from './revocation/watch-change.ts';
import { trials } from './support/depth.ts';
import { provideOrganization, START_MS, startFleet, whenNotBusy } from './support/fleet.ts';
import { prove } from './support/proof.ts';
import { openRequest, restRequest } from './support/wire-requests.ts';

/** How many ask at the same instant, spread over the processes. */
const AT_ONCE = 20;
const PROCESSES = 4;
const rounds = () => trials({ planted: 20, ci: 100, full: 1000 });

/** Connections that are open before the race begins. */
const openRacers = (ports: readonly number[]): Promise<Line[]> =>
  Promise.all(
    Array.from({ length: AT_ONCE }, (_, index) =>
      openLine(ports[index % ports.length] ?? 0, `racer ${index}`),
    ),
  );

/** `STORE_BUSY` says to try again, which each does for itself. */
const race = (racers: readonly Line[], request: (index: number) => Buffer): Promise<Answered[]> =>
  Promise.all(racers.map((racer, index) => whenNotBusy(() => racer.send(request(index)))));

/** How the answers differ from one winner and the rest told `told`. */
function check(answers: readonly Answered[], won: number, told: { status: number; code: string }): string[] {
  const winners = answers.filter(({ status }) => status === won);
  const others = answers.filter(
    ({ status, body }) => status === told.status && (status < 300 || body.includes(`"${told.code}"`)),
  );
  if (winners.length === 1 && others.length === answers.length - 1) return [];
  const statuses = answers.map(({ status, body }) => `${status}${status >= 300 ? body.slice(0, 60) : ''}`);
  return [`${winners.length} of ${answers.length} won: ${statuses.join(' ')}`];
}

function openFile(dir: string) {
  const file = new Database(join(dir, 'tenantry.db'), { readonly: true });
  onTestFinished(() => void file.close());
  return (sql: string, ...values: string[]) =>
    Number(
      file
        .prepare(sql)
        .pluck()
        .get(...values),
    );
}

test('of twenty rotations of one key at once, over four processes, one succeeds', async (context) => {
  const fleet = await startFleet({
    processes: PROCESSES,
    config: { keys: { maxPerOrganization: 100_000 } },
  });
  const { manager } = await provideOrganization(fleet, 'Acme Research');
  const racers = await openRacers(fleet.ports);
  const count = openFile(fleet.dir);
  const failures: string[] = [];
  let round = 0;
  for (; round < rounds() && failures.length < 100; round += 1) {
    const body = { scope_type: 'global', name: 'to be rotated' };
    const [first] = racers;
    if (first === undefined) break;
    const minted = await whenNotBusy(() => first.send(restRequest(manager, 'POST', '/v1/keys', body)));
    const { key } = JSON.parse(minted.body);
    const rotate = restRequest(manager, 'POST', `/v1/keys/${key.id}/rotate`, {});
    const answers = await race(racers, () => rotate);
    failures.push(...check(answers, 201, { status: 409, code: 'ROTATION_IN_PROGRESS' }));
    const successors = count('SELECT count(*) FROM keys WHERE replaces = ?', key.id);
    if (successors !== 1) failures.push(`${key.id} has ${successors} successors`);
  }
  prove(context, {
    id: 'races.rotate',
    property: 'of many rotations of one key at once exactly one succeeds, and the others are told so',
    trials: round,
    unit: `races of ${AT_ONCE}`,
    failures,
  });
});

test('of twenty provisions of one external id at once, over four processes, one makes it', async (context) => {
  const fleet = await startFleet({ processes: PROCESSES });
  const racers = await openRacers(fleet.ports);
  const count = openFile(fleet.dir);
  const failures: string[] = [];
  let round = 0;
  for (; round < rounds() && failures.length < 100; round += 1) {
    const external_id = `customer ${round}`;
    const body = { name: 'Acme', external_id };
    const reason = { 'x-break-glass-reason': 'a proof' };
    const provision = restRequest(ADMIN_TOKEN, 'POST', '/admin/organizations', body, reason);
    const answers = await race(racers, () => provision);
    failures.push(...check(answers, 201, { status: 200, code: '' }));
    const made = answers.map(({ body: text }) => JSON.parse(text));
    const shown = made.filter(({ auth_token }) => auth_token !== undefined).length;
    const ids = new Set(made.map(({ organization }) => organization?.organization_id));
    const [id] = ids;
    const keys = count('SELECT count(*) FROM keys WHERE organization_id = ?', String(id));
    if (shown !== 1 || ids.size !== 1 || keys !== 1)
      failures.push(`${external_id}: ${ids.size} organisations, ${keys} keys, ${shown} plaintexts shown`);
  }
  prove(context, {
    id: 'races.provision',
    property: 'many provisions of one external id at once make one organisation and show one plaintext',
    trials: round,
    unit: `races of ${AT_ONCE}`,
    failures,
  });
});

test('of twenty bootstraps at once, over four processes, one makes the first organisation', async (context) => {
  const failures: string[] = [];
  const stores = trials({ planted: 1, ci: 4, full: 50 });
  for (let round = 0; round < stores; round += 1) {
    const { dir, file } = writeConfig({ dataDir: '.' });
    const env = { TENANTRY_CONFIG: file };
    const servers = await Promise.all(
      Array.from({ length: PROCESSES }, () => startServer(env, dir, START_MS)),
    );
    const codes = servers.map(({ seen }) => /"code":"([\w-]+)"/.exec(seen.stderr)?.[1] ?? '');
    const racers = await openRacers(servers.map(({ url }) => Number(new URL(url).port)));
    const answers = await race(racers, (index) =>
      openRequest('POST', '/admin/bootstrap', { organization: 'Acme', code: codes[index % PROCESSES] }),
    );
    failures.push(...check(answers, 201, { status: 409, code: 'BOOTSTRAP_CLOSED' }));
    const count = openFile(dir);
    const made = [count('SELECT count(*) FROM organizations'), count('SELECT count(*) FROM keys')];
    if (made.join() !== '1,2') failures.push(`${made[0]} organisations with ${made[1]} keys were made`);
    for (const server of servers) server.kill('SIGTERM');
    await Promise.all(servers.map(({ closed }) => closed));
  }
  prove(context, {
    id: 'races.bootstrap',
    property: 'of many bootstraps at once, each with the code of its process, exactly one succeeds',
    trials: stores,
    unit: `races of ${AT_ONCE}, each on a new store`,
    failures,
  });
});
