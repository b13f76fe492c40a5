import { once } from 'node:events';
import { connect } from 'node:net';
import { startServer } from '../../support/program.ts';
import { START_MS } from '../support/fleet.ts';
import { type Cycle, MOST_MS } from './cycle.ts';

/** What a browser connects in advance, and a load balancer to see whether a port is open. */
const SILENT = 5;

/** One server that is asked to stop while clients are connected that say nothing. */
export async function runSilentCycle({ number, dir, env }: Pick<Cycle, 'number' | 'dir' | 'env'>) {
  const server = await startServer(env, dir, START_MS);
  const port = Number(new URL(server.url).port);
  const sockets = Array.from({ length: SILENT }, () => connect(port, '127.0.0.1').on('error', () => {}));
  await Promise.all(sockets.map((socket) => once(socket, 'connect')));
  const askedAt = performance.now();
  server.kill('SIGTERM');
  const { code, signal } = await server.closed;
  const exitMs = Math.round(performance.now() - askedAt);
  const failures = [
    ...(code === 0 ? [] : [`cycle ${number}: exit ${code ?? signal}`]),
    ...(exitMs > MOST_MS ? [`cycle ${number}: ended after ${exitMs} ms`] : []),
  ];
  return { failures, exitMs };
}
