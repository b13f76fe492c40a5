import { setImmediate, setTimeout } from 'node:timers/promises';
import { operatorRow } from './audit/operator-row.ts';
import { AppError } from './errors.ts';
import { isoTime } from './iso-time.ts';
import { readAllKeys } from './keys/all-keys.ts';
import { DAY_MS, endOfLifeMs, isEndingSoon, isLive, WARNING_MS } from './keys/key-record.ts';
import type { Log } from './log.ts';
import type { Services } from './services.ts';

const MINUTE_MS = 60_000;
/** How long the last writes wait for another process's, and how often they ask. */
const CLOSING_WAIT_MS = 5000;
const CLOSING_PAUSE_MS = 20;

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
  const { log } = services;
  const timers = [
    onceADay(services, () => warnOfEndingKeys(services)),
    every(DAY_MS, services, async () => log.info(await services.store.audit.head(), 'audit chain head')),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

/** A task that fails is logged and tried again at its next turn. */
function every(intervalMs: number, { log }: Services, task: () => Promise<void>): NodeJS.Timeout {
  return setInterval(() => void attempt(log, task), intervalMs).unref();
}

/** At the start too: a server that is restarted each night would else never come to it. */
function onceADay(services: Services, task: () => Promise<void>): NodeJS.Timeout {
  void attempt(services.log, task);
  return every(DAY_MS, services, task);
}

const attempt = (log: Log, task: () => Promise<void>): Promise<void> =>
  task().catch((err: unknown) => log.error({ err }, 'housekeeping failed'));

/** What gathered since the last minute. Nobody waits any more, so a store that is busy is no reason to lose it. */
export async function writeWhatIsLeft(services: Services): Promise<void> {
  await whenFree(() => services.keyUses.flush());
  await writeRefusalSummary(services);
}

async function whenFree(task: () => Promise<void>): Promise<void> {
  const latest = performance.now() + CLOSING_WAIT_MS;
  while (true) {
    try {
      return await task();
    } catch (thrown) {
      const isBusy = thrown instanceof AppError && thrown.code === 'STORE_BUSY';
      if (!isBusy || performance.now() > latest) throw thrown;
      await setTimeout(CLOSING_PAUSE_MS);
    }
  }
}

/** One row a minute stands for the refusals beyond the limit. */
export async function writeRefusalSummary({ refusals, store, now }: Services): Promise<void> {
  const unwritten = refusals.takeUnwritten();
  if (unwritten === 0) return;
  const facts = {
    tier: 'system',
    target: 'refusals not written',
    organizationId: null,
    nowMs: now(),
  } as const;
  // The count stands nowhere else any more.
  await whenFree(() => store.audit.append(operatorRow({ ...facts, kind: 'summary', change: { unwritten } })));
}

/** A line for each live key that ends within 14 days; with every organisation requests have their turn. */
async function warnOfEndingKeys({ store, mintRules, log, now }: Services): Promise<void> {
  const nowMs = now();
  const staleAfterMs = mintRules.staleAfterDays * DAY_MS;
  const filter = { nowMs, staleAfterMs, endsBeforeMs: nowMs + WARNING_MS + 1 };
  const standing = (await store.organizations.list()).filter(({ status }) => status !== 'deleted');
  for (const keyspace of ['operator', ...standing.map(({ id }) => id)] as const) {
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
