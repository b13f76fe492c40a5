import { operatorRow } from './audit/operator-row.ts';
import type { Services } from './services.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

/** What is written on the side, never on a request's path: last uses, counted refusals, the chain's head. */
export function startHousekeeping(services: Services): { stop(): void } {
  const { keyUses, log } = services;
  const timers = [
    every(MINUTE_MS, services, () => keyUses.flush()),
    every(MINUTE_MS, services, () => writeRefusalSummary(services)),
    every(DAY_MS, services, async () => log.info(await services.store.audit.head(), 'audit chain head')),
  ];
  return { stop: () => timers.forEach(clearInterval) };
}

/** A task that fails is logged and tried again at its next turn. */
function every(intervalMs: number, { log }: Services, task: () => Promise<void>): NodeJS.Timeout {
  const timer = setInterval(() => {
    task().catch((err: unknown) => log.error({ err }, 'housekeeping failed'));
  }, intervalMs);
  return timer.unref();
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
  await store.audit.append(operatorRow({ ...facts, kind: 'summary', change: { unwritten } }));
}
