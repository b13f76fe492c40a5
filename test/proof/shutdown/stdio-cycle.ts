import { envelope } from '../../support/http.ts';
import { linePeer } from '../../support/line-peer.ts';
import { startProgram } from '../../support/program.ts';
import { START_MS } from '../support/fleet.ts';
import { countRows } from './against-audit.ts';
import type { Cycle, Ended } from './cycle.ts';

const CALLS = 20;
const APART_MS = 20;

/** `tenantry stdio` with calls under way that is asked to stop; the next ones may or may not have been read. */
export async function runStdioCycle(
  cycle: Cycle,
  /** How many calls have come to the platform, all in all. */
  reached: () => number,
): Promise<Omit<Ended, 'sent'> & { readonly answered: number }> {
  const { number, dir, key, afterMs } = cycle;
  const counted = () => countRows(dir, "method = 'stdio' AND tool = 'search_agents'");
  const before = counted();
  const reachedBefore = reached();
  const program = startProgram(['stdio'], { ...cycle.env, TENANTRY_API_KEY: key }, dir);
  const client = linePeer(program.stdin, program.stdoutStream);
  client.send({ id: 'first', method: 'tools/list', params: { _meta: envelope } });
  await client.answer('first', START_MS);
  const calling = callOnAndOn(client);
  await pause(afterMs % (CALLS * APART_MS));
  const askedAt = performance.now();
  program.kill('SIGTERM');
  const { code, signal } = await program.closed;
  const exitMs = Math.round(performance.now() - askedAt);
  await calling;
  const answered = client.received.filter(
    ({ id, result }) => id !== 'handshake' && result?.structuredContent,
  );
  const failures = [];
  if (code !== 0) failures.push(`exit ${code ?? signal}`);
  const accepted = counted() - before;
  if (accepted !== answered.length) failures.push(`${accepted} in the audit, ${answered.length} answered`);
  const sentOn = reached() - reachedBefore;
  if (sentOn > answered.length) failures.push(`${sentOn} at the platform, ${answered.length} answered`);
  const failed = failures.map((failure) => `stdio cycle ${number}: ${failure}`);
  return { failures: failed, exitMs, answered: answered.length };
}

async function callOnAndOn(client: ReturnType<typeof linePeer>): Promise<void> {
  for (let id = 0; id < CALLS; id += 1) {
    client.send({
      id,
      method: 'tools/call',
      params: { name: 'search_agents', arguments: {}, _meta: envelope },
    });
    await pause(APART_MS);
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
