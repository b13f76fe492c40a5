import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { availableParallelism } from 'node:os';
import { setTimeout } from 'node:timers/promises';

const LONGEST_SECONDS = 3600;

/** A loop that ends by itself, so that nothing keeps the machine busy for longer than was meant. */
const busyLoop = 'const end = Date.now() + Number(process.argv[1]) * 1000; while (Date.now() < end);';

/** Processes that take all the processor they are given, for so many seconds at most; `stop` ends them sooner. */
export function startHogs(count: number, seconds: number) {
  const hogs = Array.from({ length: count }, () =>
    spawn(process.execPath, ['-e', busyLoop, String(seconds)], { stdio: 'ignore' }),
  );
  const ended = Promise.all(hogs.map((hog) => once(hog, 'exit')));
  return {
    ended,
    async stop(): Promise<void> {
      for (const hog of hogs) hog.kill('SIGKILL');
      await ended;
    },
  };
}

/** `node test/support/cpu-hog.ts [hogs] [seconds]`: keeps the machine busy until it is interrupted, or an hour. */
if (import.meta.main) {
  const [count = 4 * availableParallelism(), seconds = LONGEST_SECONDS] = process.argv.slice(2).map(Number);
  if (!(count > 0 && seconds > 0)) throw new Error('expected how many processes, and for how many seconds');
  const hogs = startHogs(count, Math.min(seconds, LONGEST_SECONDS));
  const interrupted = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.once(signal, () => interrupted.abort());
  console.log(`${count} processes keep this machine busy; Ctrl+C ends them`);
  await Promise.race([
    hogs.ended,
    setTimeout(LONGEST_SECONDS * 1000, undefined, { signal: interrupted.signal }).catch(() => {}),
  ]);
  await hogs.stop();
}
