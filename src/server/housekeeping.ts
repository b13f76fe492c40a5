import { setImmediate, setTimeout } from 'node:timers/promises';
import type { AuditRow } from '../audit/audit-event.ts';
import { createHeadSigner } from '../audit/chain/head-signer.ts';
import { signWhole } from '../audit/chain/sign-whole.ts';
import { operatorRow } from '../audit/operator-row.ts';
import type { Unwritten } from '../audit/refusal-limit.ts';
import { AppError } from '../errors.ts';
import { readAllKeys } from '../keys/all-keys.ts';
import { DAY_MS, endOfLifeMs, isEndingSoon, isLive, WARNING_MS } from '../keys/key-record.ts';
import type { Log } from '../log.ts';
import { readAllOrganizations } from '../provisioning/all-organizations.ts';
import { isoTime } from '../time.ts';
import type { PreparedTools } from '../tool-sources/prepare-tools.ts';
import type { Services } from './services.ts';

const MINUTE_MS = 60_000;
/** How long, and how often, a write is tried again while another process holds the store. */
const BUSY_WAIT_MS = 5000;
const BUSY_PAUSE_MS = 20;

type Tasks = { stop(): void };

/** What each process that answers requests does on the side: last uses, counted refusals. */
export function startMinuteTasks(services: Services): Tasks {
  const timers = [
    every(MINUTE_MS, services, () => services.keyUses.flush()),
    every(MINUTE_MS, services, () => writeRefusalSummary(services)),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

/** What one process does for all: warnings, the chain's head. */
export function startDailyTasks(services: Services): Tasks {
  const timers = [
    onceADay(services, () => warnOfEndingKeys(services)),
    every(MINUTE_MS, services, watchClock(services)),
    every(DAY_MS, services, () => logHead(services)),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

/** Signed where there is a key and the chain is whole, so that a person who writes the store cannot forge another. */
export async function logHead({ store, config, log }: Services): Promise<void> {
  const { chain: _, ...head } = await store.audit.head();
  // A long trail is read in portions, and requests have their turn between them.
  const readChain: typeof store.audit.readChain = async (after, limit) => {
    await setImmediate();
    return store.audit.readChain(after, limit);
  };
  const { signature, unsigned } = await signWhole({ readChain }, head, createHeadSigner(config.auditKey));
  if (unsigned !== null) log.warn({ ...head, unsigned }, 'audit chain head, not signed');
  else log.info({ ...head, ...(signature !== null && { signature }) }, 'audit chain head');
}

/** A task that fails is logged and tried again at its next turn. */
function every(intervalMs: number, { log }: Services, task: () => Promise<void>): NodeJS.Timeout {
  return setInterval(() => void attempt(log, task), intervalMs).unref();
}

/** At the start too: else a server that is restarted each night would never run it. */
function onceADay(services: Services, task: () => Promise<void>): NodeJS.Timeout {
  void attempt(services.log, task);
  return every(DAY_MS, services, task);
}

const attempt = (log: Log, task: () => Promise<void>): Promise<void> =>
  task().catch((err: unknown) => log.error({ err }, 'housekeeping failed'));

/** What gathered since the last minute. Nobody waits any more, so a store that is busy is no reason to lose it. */
export async function writeWhatIsLeft(services: Services): Promise<void> {
  try {
    await whenFree(() => services.keyUses.flush());
  } finally {
    await writeRefusalSummary(services);
  }
}

/** What is counted is written, then everything is closed, also where the store does not take it. */
export async function closeAll(services: Services, downstreams: PreparedTools['downstreams']): Promise<void> {
  try {
    await writeWhatIsLeft(services);
  } finally {
    await Promise.all([services.platform, ...downstreams].map((each) => each.close()));
    await services.store.close();
  }
}

async function whenFree(task: () => Promise<void>): Promise<void> {
  const latest = performance.now() + BUSY_WAIT_MS;
  while (true) {
    try {
      return await task();
    } catch (thrown) {
      const isBusy = thrown instanceof AppError && thrown.code === 'STORE_BUSY';
      if (!isBusy || performance.now() > latest) throw thrown;
      await setTimeout(BUSY_PAUSE_MS);
    }
  }
}

/**
 * One row a minute counts the refusals beyond the limit: one for each key, in its organisation, and one for all
 * others. Refusals that cannot be written are counted again for the next row: they are recorded nowhere else.
 */
export async function writeRefusalSummary({ refusals, store, now }: Services): Promise<void> {
  const left = [...refusals.takeUnwritten()];
  try {
    for (let [first] = left; first !== undefined; [first] = left) {
      const row = summaryRow(first, now());
      await whenFree(() => store.audit.append(row));
      left.shift();
    }
  } finally {
    refusals.putBack(left);
  }
}

function summaryRow({ key, count, codes }: Unwritten, nowMs: number): AuditRow {
  const change = { unwritten: count, ...(key !== null && { codes }) };
  const facts = { kind: 'summary', tier: 'system', target: 'refusals not written', nowMs } as const;
  return operatorRow({ ...facts, organizationId: null, ...key, change });
}

/** Smaller differences are the usual corrections of a clock; larger ones are reported. */
const CLOCK_IS_WRONG_MS = MINUTE_MS;

/** A line when the machine's clock falls behind the store's time, and one when it tells the time again. */
function watchClock({ clock, log }: Services): () => Promise<void> {
  let wasBehind = false;
  const look = async () => {
    const aheadMs = clock.aheadMs();
    const isBehind = aheadMs > CLOCK_IS_WRONG_MS;
    if (isBehind === wasBehind) return;
    wasBehind = isBehind;
    if (isBehind) log.warn({ time: isoTime(clock.now()), aheadMs }, CLOCK_IS_BEHIND);
    else log.info('the clock of the machine tells the time again');
  };
  void look();
  return look;
}

const CLOCK_IS_BEHIND =
  'the clock of the machine is behind the newest row of the store, and time goes on from that row: set the clock right; if the row was written with a clock too far ahead, keys that ended by its time stay ended: mint new ones, or restore a backup from before';

/** A line for each live key that ends within 14 days; with every organisation requests have their turn. */
async function warnOfEndingKeys({ store, mintRules, log, now }: Services): Promise<void> {
  const nowMs = now();
  const staleAfterMs = mintRules.staleAfterDays * DAY_MS;
  const filter = { nowMs, staleAfterMs, endsBeforeMs: nowMs + WARNING_MS + 1 };
  const existing = (await readAllOrganizations(store.organizations)).filter(
    ({ status }) => status !== 'deleted',
  );
  for (const keyspace of ['operator', ...existing.map(({ id }) => id)] as const) {
    for (const key of await readAllKeys(store.keys, keyspace, filter)) {
      const endMs = endOfLifeMs(key);
      if (!isLive(key, nowMs) || !isEndingSoon(endMs, nowMs)) continue;
      const { organizationId, prefix, name, owner } = key;
      const facts = { organizationId, keyId: key.id, prefix, name, owner, expiresAt: isoTime(endMs) };
      log.warn(facts, 'a key ends soon');
    }
    await setImmediate();
  }
}
