import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type TestContext, test } from 'vitest';
import { bareEnvironment, mainFile } from '../support/program.ts';
import {
  type ConnectionPool,
  type MintedKey,
  mintKeys,
  openPool,
  revokeKey,
  tally,
} from './revocation/connection-pool.ts';
import { watchChange } from './revocation/watch-change.ts';
import { depth, trials } from './support/depth.ts';
import { type Fleet, provideOrganization, startFleet } from './support/fleet.ts';
import { spreadOf } from './support/percentile.ts';
import { prove } from './support/proof.ts';
import { restRequest } from './support/wire-requests.ts';

/** A revocation takes some sixty requests to servers that share their cores with this test. */
const settled = { timeout: depth === 'full' ? 3 * 3_600_000 : 600_000 };
/** Keys under revocation at the same time, and how many each pool has at hand: while keys are made, none is revoked. */
const POOLS = 2;
const KEYS_AHEAD = 25;
const denied = { status: 401, code: 'INVALID_TOKEN' };

type Plan = {
  readonly id: string;
  readonly property: string;
  readonly revocations: number;
  readonly connectionsEach?: number;
  readonly note?: string;
};

test(
  'a revoked key is refused by each of four processes from the acknowledgement on',
  settled,
  async (context) => {
    const fleet = await startFleet({ processes: 4 });
    const { id, manager } = await provideOrganization(fleet, 'Acme Research');
    await using _ = readOnAndOn(fleet, id);
    await proveRevocations(context, fleet, manager, {
      id: 'revocation.key',
      property: 'no request that began after the acknowledgement of a revocation is accepted by any process',
      revocations: trials({ planted: 40, ci: 1000, full: 10_000 }),
    });
  },
);

test(
  'a revoked key is refused by both workers of one server from the acknowledgement on',
  settled,
  async (context) => {
    const fleet = await startFleet({ processes: 1, server: { workers: 2 } });
    const { manager } = await provideOrganization(fleet, 'Acme Research');
    await proveRevocations(context, fleet, manager, {
      id: 'revocation.workers',
      property: 'the same holds for the workers of one server',
      revocations: trials({ planted: 20, ci: 200, full: 2000 }),
      connectionsEach: 4,
      note: 'connections are dealt out to the workers in turn; which worker has which is not seen from outside',
    });
  },
);

async function proveRevocations(
  context: TestContext,
  fleet: Fleet,
  manager: string,
  { revocations, connectionsEach = 1, ...row }: Plan,
): Promise<void> {
  const result = tally();
  const pools = await Promise.all(Array.from({ length: POOLS }, () => openPool(fleet, connectionsEach)));
  const seeds = pools.map(({ choices }) => choices.seed).join(' ');
  for (let left = revocations; left > 0 && !result.isHopeless; left -= POOLS * KEYS_AHEAD) {
    const count = Math.min(KEYS_AHEAD, Math.ceil(left / POOLS));
    const ahead = await Promise.all(pools.map((pool) => mintKeys(pool, manager, count)));
    await Promise.all(pools.map((pool, index) => revokeEach(pool, manager, ahead[index] ?? [], result)));
  }
  const { sinceCommit, sinceAcknowledged, all, busy } = result.times;
  prove(context, {
    ...row,
    trials: result.trials,
    unit: 'revocations',
    failures: result.failures,
    measured: {
      ...spreadOf('commitToFirstDenial', sinceCommit),
      ...spreadOf('acknowledgedToFirstDenial', sinceAcknowledged),
      ...spreadOf('acknowledgedToDeniedEverywhere', all),
      connectionsPerKey: pools[0]?.callers('').length ?? 0,
      answeredBusy: busy,
      seeds,
    },
    note: [row.note, 'the commit is taken to be at revoked_at, which is read before it']
      .filter(Boolean)
      .join('; '),
  });
}

async function revokeEach(
  pool: ConnectionPool,
  manager: string,
  keys: readonly MintedKey[],
  result: ReturnType<typeof tally>,
): Promise<void> {
  for (const { id, plaintext } of keys) {
    let revokedAt = Number.NaN;
    const seen = await watchChange(
      pool.callers(plaintext),
      async () => {
        revokedAt = await revokeKey(pool, manager, id);
      },
      denied,
    );
    result.add(seen, revokedAt, id);
    if (result.isHopeless) return;
  }
  // What was dead stays dead, also once nobody asks any more.
  for (const { id, plaintext } of keys) {
    const line = pool.choices.of(pool.managers);
    const { status } = await line.send(restRequest(plaintext, 'GET', '/v1/whoami'));
    if (status === 200) result.failures.push(`${id}: accepted again`);
  }
}

/** Long reads beside it, through the servers and of the file itself: what they hold open must hide nothing. */
function readOnAndOn({ operator, env, dir }: Fleet, organizationId: string): AsyncDisposable {
  let isStopped = false;
  const list = async (index: number) => {
    for (let cursor = ''; !isStopped; ) {
      const page = await operator(index, 'GET', `/v1/audit?limit=100${cursor}`, undefined, organizationId);
      cursor = page.body?.next_cursor ? `&cursor=${encodeURIComponent(page.body.next_cursor)}` : '';
      await pause(20);
    }
  };
  const exportAll = async () => {
    // What it prints is nobody's: in the end that is the whole trail, again and again.
    const options = { cwd: dir, env: { ...bareEnvironment(), ...env }, stdio: 'ignore' } as const;
    for (; !isStopped; await pause(2000)) {
      await once(spawn(process.execPath, [mainFile, 'audit', 'export'], options), 'close');
    }
  };
  const readers = Promise.all([list(0), list(2), exportAll()]);
  return {
    async [Symbol.asyncDispose]() {
      isStopped = true;
      await readers;
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
