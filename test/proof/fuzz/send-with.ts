import { codeIn } from './contract-check.ts';
import { HANG_MS } from './hang.ts';
import type { FuzzCase } from './odd-bodies.ts';
import type { WireAnswer } from './read-answer.ts';
import type { FuzzTarget } from './start-target.ts';
import { createWire } from './wire.ts';

/** Sends cases to the target, checks the answers and keeps count. */
export function sendWith(target: FuzzTarget) {
  const wire = createWire(target.port);
  const startedAt = performance.now();
  const outcomes = new Map<string, number>();
  let sent = 0;
  let slowestMs = 0;

  async function once({ bytes, protocol }: FuzzCase, isKnownPath: boolean) {
    const answer = await wire.send(bytes);
    if (answer === undefined) return { answer, complaint: 'no answer' };
    sent += 1;
    target.owe(answer, isKnownPath);
    const code = codeIn(answer) ?? String(answer.status);
    outcomes.set(code, (outcomes.get(code) ?? 0) + 1);
    return { answer, complaint: target.contract.complaint(answer, protocol) };
  }

  return {
    /** The answer and what is wrong with it. Where the machine was busy, the question is put again before it counts. */
    async send(
      each: FuzzCase,
      isKnownPath = true,
    ): Promise<{ answer: WireAnswer | undefined; complaint: string | undefined }> {
      const first = await once(each, isKnownPath);
      if (first.answer === undefined || first.answer.ms <= HANG_MS) {
        slowestMs = Math.max(slowestMs, first.answer?.ms ?? 0);
        return first;
      }
      const again = await once(each, isKnownPath);
      const isSlow = again.answer !== undefined && again.answer.ms > HANG_MS;
      return isSlow ? { ...again, complaint: `hangs for ${Math.round(again.answer.ms)} ms` } : again;
    },
    measured: () => ({
      requests_per_second: Math.round(sent / ((performance.now() - startedAt) / 1000)),
      slowest_ms: Math.round(slowestMs),
      codes: outcomes.size,
    }),
    outcomes,
  };
}
