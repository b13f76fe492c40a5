import { join } from 'node:path';
import { test } from 'vitest';
import { collect, openCall } from '../support/streams.ts';
import { revokeKey, tally } from './revocation/desk.ts';
import { openTenantDesk, permissions, scopedQuestion, type TenantDesk } from './revocation/tenant-desk.ts';
import { type Expected, watchChange } from './revocation/watch-change.ts';
import { depth, trials } from './support/depth.ts';
import { type Family, startFamily } from './support/family.ts';
import { spreadOf } from './support/percentile.ts';
import { prove } from './support/proof.ts';

const DESKS = 2;

type Plan = {
  /** Short, since it stands in the name of the test. */
  readonly when: string;
  readonly id: string;
  readonly property: string;
  readonly take: (tenant: TenantDesk) => Promise<unknown>;
  readonly giveBack: (tenant: TenantDesk) => Promise<unknown>;
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
  const family = await startFamily({ processes: 4, config: { permissions } });
  const tenants = await Promise.all(Array.from({ length: DESKS }, () => openTenantDesk(family)));
  const result = tally();
  const changes = trials({ planted: 10, ci: 200, full: 2000 });
  await Promise.all(
    tenants.map(async (tenant) => {
      for (let left = changes / DESKS; left > 0 && !result.isHopeless; left -= 1) {
        let sentAt = Number.NaN;
        const take = () => {
          sentAt = Date.now();
          return plan.take(tenant);
        };
        const callers = tenant.desk.callers(tenant.key, scopedQuestion);
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
      seeds: tenants.map(({ desk }) => desk.choices.seed).join(' '),
    },
    note: 'after each change what was taken is given back, and accepted by every process before the next',
  });
});

/** The contract's second; other tests run beside this one where it is not alone. */
const ENDS_WITHIN_MS = depth === 'full' ? 1000 : 2000;
const GIVEN_UP_MS = 5000;

const deaths: readonly [string, (tenant: TenantDesk) => Promise<unknown>][] = [
  ['revoked', ({ desk, manager, keyId }) => revokeKey(desk, manager, keyId)],
  ['owner deactivated', ({ setActive }) => setActive(false)],
  ['suspended', ({ suspend }) => suspend()],
];

test('a running stream whose key dies ends within a second, whichever process learns of it', async (context) => {
  const tools = join(import.meta.dirname, 'revocation/ticking-tools.ts');
  const family = await startFamily({ processes: 4, config: { permissions, tools } });
  const failures: string[] = [];
  const ends: number[] = [];
  const rounds = trials({ planted: 1, ci: 2, full: 10 });
  for (let round = 0; round < rounds; round += 1) {
    for (const [name, die] of deaths) {
      const tenant = await openTenantDesk(family);
      for (const ended of await endsOf(family, tenant, die)) {
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

/** One stream on each process in either era, and how long after the acknowledgement each ended. */
async function endsOf(
  { members }: Family,
  tenant: TenantDesk,
  die: (tenant: TenantDesk) => Promise<unknown>,
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
