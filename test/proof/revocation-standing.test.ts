import { join } from 'node:path';
import { test } from 'vitest';
import { collect, type Era, eras, openCall } from '../support/streams.ts';
import { revokeKey, tally } from './revocation/connection-pool.ts';
import {
  type MemberTenant,
  openMemberTenant,
  permissions,
  scopedQuestion,
} from './revocation/member-tenant.ts';
import { type Expected, watchChange } from './revocation/watch-change.ts';
import { depth, trials } from './support/depth.ts';
import { type Fleet, startFleet } from './support/fleet.ts';
import { spreadOf } from './support/percentile.ts';
import { prove } from './support/proof.ts';

const POOLS = 2;

type Plan = {
  /** Short, since it is a part of the test's name. */
  readonly when: string;
  readonly id: string;
  readonly property: string;
  readonly take: (tenant: MemberTenant) => Promise<unknown>;
  readonly giveBack: (tenant: MemberTenant) => Promise<unknown>;
  readonly expected: Expected;
};

const plans: readonly Plan[] = [
  {
    when: 'the owner is deactivated',
    id: 'revocation.owner',
    property: 'the key of a person who was deactivated is refused on the next request, on every process',
    take: ({ setActive }) => setActive(false),
    giveBack: ({ setActive }) => setActive(true),
    expected: { status: 401, code: 'INVALID_TOKEN' },
  },
  {
    when: 'the owner leaves a group',
    id: 'revocation.permission',
    property: 'what a group allowed is refused on the next request of a person who left it, on every process',
    take: ({ leave }) => leave(),
    giveBack: ({ join: rejoin }) => rejoin(),
    expected: { status: 403, code: 'INSUFFICIENT_SCOPE' },
  },
  {
    when: 'the organisation is suspended',
    id: 'revocation.organization',
    property: 'the next request for a suspended organisation is refused, on every process',
    take: ({ suspend }) => suspend(),
    giveBack: ({ resume }) => resume(),
    expected: { status: 403, code: 'ORGANIZATION_SUSPENDED' },
  },
];

test.for(plans)('every process refuses the next request: $when', async (plan, context) => {
  const fleet = await startFleet({ processes: 4, config: { permissions } });
  const tenants = await Promise.all(Array.from({ length: POOLS }, () => openMemberTenant(fleet)));
  const result = tally();
  const changes = trials({ planted: 10, ci: 200, full: 2000 });
  await Promise.all(
    tenants.map(async (tenant) => {
      for (let left = changes / POOLS; left > 0 && !result.isHopeless; left -= 1) {
        let sentAt = Number.NaN;
        const take = () => {
          sentAt = Date.now();
          return plan.take(tenant);
        };
        const callers = tenant.pool.callers(tenant.key, scopedQuestion);
        result.add(await watchChange(callers, take, plan.expected), sentAt, `${left} left`);
        // The next round begins with an accepted request of every caller, so this one counts too.
        await plan.giveBack(tenant);
      }
    }),
  );
  const { sinceCommit, sinceAcknowledged, all, busy } = result.times;
  prove(context, {
    id: plan.id,
    property: plan.property,
    trials: result.trials,
    unit: 'changes',
    failures: result.failures,
    measured: {
      ...spreadOf('sentToFirstDenial', sinceCommit),
      ...spreadOf('acknowledgedToFirstDenial', sinceAcknowledged),
      ...spreadOf('acknowledgedToDeniedEverywhere', all),
      answeredBusy: busy,
      seeds: tenants.map(({ pool }) => pool.choices.seed).join(' '),
    },
    note: 'after each change what was taken is given back, and accepted by every process before the next',
  });
});

/** The contract's second; other tests run beside this one where it is not alone. */
const ENDS_WITHIN_MS = depth === 'full' ? 1000 : 2000;
const GIVEN_UP_MS = 5000;

const deaths: readonly [string, (tenant: MemberTenant) => Promise<unknown>][] = [
  ['revoked', ({ pool, manager, keyId }) => revokeKey(pool, manager, keyId)],
  ['owner deactivated', ({ setActive }) => setActive(false)],
  ['suspended', ({ suspend }) => suspend()],
];

test('a running stream whose key dies ends within a second, on every process', async (context) => {
  const tools = join(import.meta.dirname, 'revocation/ticking-tools.ts');
  const fleet = await startFleet({ processes: 4, config: { permissions, tools } });
  const failures: string[] = [];
  const ends: number[] = [];
  const rounds = trials({ planted: 1, ci: 2, full: 10 });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, die] of deaths) {
      const tenant = await openMemberTenant(fleet);
      for (const ended of await endsOf(fleet, tenant, die)) {
        ends.push(ended.afterMs);
        if (ended.afterMs > ENDS_WITHIN_MS || ended.hasResult)
          failures.push(`${name}: ended after ${ended.afterMs} ms, with a result: ${ended.hasResult}`);
      }
    }
  }
  prove(context, {
    id: 'revocation.stream',
    property: 'a running stream whose key dies ends within 1 s, on every process',
    trials: ends.length,
    unit: 'streams',
    failures,
    measured: spreadOf('acknowledgedToEnd', ends),
  });
});

test('a plain call whose key dies ends within a second, on every process', async (context) => {
  const tools = join(import.meta.dirname, 'revocation/ticking-tools.ts');
  const fleet = await startFleet({ processes: 4, config: { permissions, tools } });
  const failures: string[] = [];
  const ends: number[] = [];
  const rounds = trials({ planted: 1, ci: 1, full: 10 });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, die] of deaths) {
      const tenant = await openMemberTenant(fleet);
      for (const { afterMs, status } of await plainEndsOf(fleet, tenant, die)) {
        ends.push(afterMs);
        if (afterMs > ENDS_WITHIN_MS || status !== (name === 'suspended' ? 403 : 401))
          failures.push(`${name}: ${status} after ${afterMs} ms`);
      }
    }
  }
  prove(context, {
    id: 'revocation.call',
    property:
      'a plain call whose key dies ends within 1 s, on every process, answered as the next request is',
    trials: ends.length,
    unit: 'calls',
    failures,
    measured: spreadOf('acknowledgedToEnd', ends),
  });
});

/** Nobody follows these, so each has a stream beside it that tells when they are under way. */
async function plainEndsOf(
  { members }: Fleet,
  tenant: MemberTenant,
  die: (tenant: MemberTenant) => Promise<unknown>,
) {
  const signal = AbortSignal.timeout(10 * GIVEN_UP_MS);
  let diedAt = Number.POSITIVE_INFINITY;
  const open = async (url: string, era: Era) => {
    const { response } = await openCall(url, tenant.key, era, { name: 'ticking', signal });
    await response.text();
    return { status: response.status, afterMs: Math.max(0, Math.round(performance.now() - diedAt)) };
  };
  const calls = members.flatMap(({ url }) => eras.map((era) => open(url, era)));
  const streams = await Promise.all(
    members.map(({ url }) =>
      openCall(url, tenant.key, '2026', { name: 'ticking', progressToken: 'token', signal }),
    ),
  );
  for (const { messages } of streams) await messages.next();
  await die(tenant);
  diedAt = performance.now();
  const ended = await Promise.all(calls);
  await Promise.all(streams.map(({ messages }) => collect(messages)));
  return ended;
}

/** One stream on each process in either era, and how long after the acknowledgement each ended. */
async function endsOf(
  { members }: Fleet,
  tenant: MemberTenant,
  die: (tenant: MemberTenant) => Promise<unknown>,
) {
  const client = new AbortController();
  const asked = { name: 'ticking', progressToken: 'token', signal: client.signal };
  const streams = await Promise.all(
    members.flatMap(({ url }) => [
      openCall(url, tenant.key, '2026', asked),
      openCall(url, tenant.key, '2025', asked),
    ]),
  );
  for (const { messages } of streams) await messages.next();
  let diedAt = Number.POSITIVE_INFINITY;
  const ended = streams.map(async ({ messages }) => {
    const shown = await collect(messages);
    const afterMs = Math.round(performance.now() - diedAt);
    return { afterMs, hasResult: shown.some((message) => 'result' in message) };
  });
  await die(tenant);
  diedAt = performance.now();
  const givenUp = setTimeout(() => client.abort(), GIVEN_UP_MS);
  const all = await Promise.all(ended);
  clearTimeout(givenUp);
  // What ended before the acknowledgement came ended in time.
  return all.map((each) => ({ ...each, afterMs: Math.max(0, each.afterMs) }));
}
