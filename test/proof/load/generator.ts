import type { LoadPlan, LoadResult, PlannedRequest } from './plan.ts';
import { createTally } from './tally.ts';
import { openWires } from './wires.ts';

/** Offers a load to a server from a process of its own: the plan on standard input, the result on standard output. */
const ROUND_MS = 2;
/** So long after the last request an answer that has not come never will. */
const PATIENCE_MS = 15_000;

const chunks: Buffer[] = [];
for await (const chunk of process.stdin) chunks.push(chunk);
const plan: LoadPlan = JSON.parse(Buffer.concat(chunks).toString('utf8'));
process.stdout.write(JSON.stringify(await generate(plan)));
process.exit(0);

async function generate({ port, seconds, perSecond, connections, requests }: LoadPlan): Promise<LoadResult> {
  const tally = createTally();
  const wires = await openWires(port, connections);
  const counts = { offered: 0, unsent: 0, open: 0, ownDelayMs: 0 };
  const startedMs = performance.now();
  const startedAtMs = Date.now();
  const elapsed = () => performance.now() - startedMs;
  const isOver = () => elapsed() >= seconds * 1000;

  function send(dueMs: number, request: PlannedRequest): void {
    counts.offered += 1;
    counts.ownDelayMs = Math.max(counts.ownDelayMs, elapsed() - dueMs);
    const wire = wires.take();
    if (wire === undefined) {
      counts.unsent += 1;
      return;
    }
    counts.open += 1;
    wire.send(request.bytes, (outcome, tookMs) => {
      counts.open -= 1;
      tally.note(request, outcome, dueMs, tookMs);
      if (perSecond === null && !isOver()) setImmediate(() => send(elapsed(), next()));
    });
    if (request.leavesAfterMs !== undefined) setTimeout(() => wire.leave(), request.leavesAfterMs);
  }

  const next = (): PlannedRequest => {
    const request = requests[counts.offered % requests.length];
    if (request === undefined) throw new Error('a plan needs a request');
    return request;
  };

  return new Promise((resolve) => {
    if (perSecond === null) for (let each = 0; each < connections; each += 1) send(0, next());
    const round = setInterval(() => {
      const dueCount = perSecond === null ? 0 : (Math.min(elapsed(), seconds * 1000) / 1000) * perSecond;
      while (perSecond !== null && counts.offered < Math.floor(dueCount)) {
        send((counts.offered / perSecond) * 1000, next());
      }
      const isLate = elapsed() > seconds * 1000 + PATIENCE_MS;
      if (!isOver() || (counts.open > 0 && !isLate)) return;
      clearInterval(round);
      const { offered, unsent, open: unanswered } = counts;
      const ownDelayMs = Math.round(counts.ownDelayMs);
      const { refusedConnections } = wires;
      resolve({
        startedAtMs,
        offered,
        unsent,
        refusedConnections,
        unanswered,
        ownDelayMs,
        ...tally.result(),
      });
    }, ROUND_MS);
  });
}
