import { type TestContext, test } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { requestJson } from '../support/http.ts';
import { ADMIN_TOKEN } from '../support/operator.ts';
import { startProgram, startServer } from '../support/program.ts';
import { emptyPage, json, queryOf, startRestPlatform } from '../support/rest-platform.ts';
import { compare, summarized } from './shutdown/against-audit.ts';
import { runCycle } from './shutdown/cycle.ts';
import { runSilentCycle } from './shutdown/silent-cycle.ts';
import { runStdioCycle } from './shutdown/stdio-cycle.ts';
import { trials } from './support/depth.ts';
import { START_MS } from './support/fleet.ts';
import { spreadOf } from './support/percentile.ts';
import { prove } from './support/proof.ts';
import { choices } from './support/seed.ts';

/** A platform that takes 100 to 300 ms, and a store with a key that may do all that the clients do. */
async function prepare(server: Record<string, unknown>) {
  const { below, seed } = choices();
  const atPlatform = new Set<string>();
  let reached = 0;
  const platform = await startRestPlatform(async (call, response) => {
    reached += 1;
    atPlatform.add(String(call.headers.traceparent));
    await new Promise((resolve) => setTimeout(resolve, 100 + below(200)));
    json(response, emptyPage(queryOf(call).get('organization_id')));
  });
  const downstream = { url: platform.url, retries: 0 };
  const keys = { maxPerOrganization: 1_000_000 };
  const { dir, file } = writeConfig({
    dataDir: '.',
    server: { port: 0, ...server },
    downstream,
    keys,
    logLevel: 'error',
  });
  const env = { TENANTRY_CONFIG: file, ADMIN_TOKEN };
  const first = await startServer(env, dir, START_MS);
  const operator = (path: string, body: object, organization?: string) =>
    requestJson(first.url + path, {
      key: ADMIN_TOKEN,
      body,
      headers: {
        'x-break-glass-reason': 'a proof',
        ...(organization !== undefined && { 'x-organization-id': organization }),
      },
    });
  const { body } = await operator('/admin/organizations', { name: 'Acme Research' });
  const { organization_id: organizationId } = body.organization;
  const wanted = { scope_type: 'global', name: 'load', additional_scopes: ['key:write'] };
  const minted = await operator('/v1/keys', wanted, organizationId);
  first.kill('SIGTERM');
  await first.closed;
  return { dir, env, key: String(minted.body.auth_token), below, seed, atPlatform, reached: () => reached };
}

type Plan = { readonly id: string; readonly property: string; readonly cycles: number };

async function proveShutdown(
  context: TestContext,
  server: Record<string, unknown>,
  plan: Plan,
): Promise<void> {
  const { below, seed, atPlatform, reached: _, ...setup } = await prepare(server);
  const failures: string[] = [];
  const exits: number[] = [];
  const counted = { answered: 0, refused: 0, summedUp: 0, onClosingConnection: 0, onNewConnection: 0 };
  let cycle = 0;
  for (; cycle < plan.cycles && failures.length < 100; cycle += 1) {
    const ended = await runCycle({ ...setup, number: cycle, afterMs: 300 + below(700) });
    const { failures: untraced, ...counts } = compare(setup.dir, ended.sent, atPlatform);
    failures.push(...ended.failures, ...untraced.map((failure) => `cycle ${cycle}: ${failure}`));
    exits.push(ended.exitMs);
    for (const [name, count] of Object.entries(counts)) counted[name as keyof typeof counted] += count;
  }
  const summedUp = summarized(setup.dir);
  if (summedUp !== counted.summedUp)
    failures.push(`${counted.summedUp} refusals were answered beside the rows, the audit counts ${summedUp}`);
  const verified = await startProgram(['audit', 'verify'], setup.env, setup.dir).closed;
  if (verified.code !== 0) failures.push(`audit verify: ${verified.stdout}${verified.stderr}`);
  prove(context, {
    id: plan.id,
    property: plan.property,
    trials: cycle,
    unit: 'cycles of SIGTERM under load of 40 clients',
    failures,
    measured: { ...spreadOf('exit', exits), ...counted, seed },
    note: 'onClosingConnection: put on an idle connection as the server closed it (RFC 9112, 9.5), with no byte back and no audit row; not counted as accepted',
  });
}

test('a server that is asked to stop answers all that it accepted, and ends in order', async (context) => {
  await proveShutdown(
    context,
    {},
    {
      id: 'shutdown.http',
      property: 'SIGTERM under load: every accepted request is answered and in the audit, exit 0 within 10 s',
      cycles: trials({ planted: 3, ci: 7, full: 70 }),
    },
  );
});

test('so does a server with workers', async (context) => {
  await proveShutdown(
    context,
    { workers: 2 },
    {
      id: 'shutdown.workers',
      property: 'the same holds for a server of two workers',
      cycles: trials({ planted: 1, ci: 3, full: 30 }),
    },
  );
});

test('so does the program that a client starts', async (context) => {
  const { below, seed, ...setup } = await prepare({});
  const cycles = trials({ planted: 1, ci: 3, full: 30 });
  const all = [];
  for (let number = 0; number < cycles; number += 1)
    all.push(await runStdioCycle({ ...setup, number, afterMs: 50 + below(350) }, setup.reached));
  const exits = all.map(({ exitMs }) => exitMs);
  const answered = all.reduce((sum, each) => sum + each.answered, 0);
  prove(context, {
    id: 'shutdown.stdio',
    property: 'SIGTERM to tenantry stdio: every call that it had read is answered and in the audit, exit 0',
    trials: cycles,
    unit: 'cycles of SIGTERM with calls under way',
    failures: [
      ...all.flatMap(({ failures }) => failures),
      ...(answered === 0 ? ['no call was answered, so nothing was under way'] : []),
    ],
    measured: { ...spreadOf('exit', exits), answered, seed },
  });
});

test('no client that connected and says nothing keeps it up', async (context) => {
  const alone = await prepare({});
  const withWorkers = await prepare({ workers: 2 });
  const cycles = trials({ planted: 1, ci: 2, full: 20 });
  const all = [];
  for (let number = 0; number < cycles; number += 1)
    all.push(await runSilentCycle({ ...(number % 2 === 0 ? alone : withWorkers), number }));
  prove(context, {
    id: 'shutdown.silent',
    property: 'SIGTERM beside connections on which nothing was sent: exit 0 within 10 s',
    trials: cycles,
    unit: 'cycles of SIGTERM beside silent connections',
    failures: all.flatMap(({ failures }) => failures),
    measured: spreadOf(
      'exit',
      all.map(({ exitMs }) => exitMs),
    ),
  });
});
