import { writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** Loaded into a program before all else: on SIGUSR2 it writes down how late its event loop was since the last time. */
const RESOLUTION_MS = 5;
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
histogram.enable();
process.on('SIGUSR2', () => {
  // Each sample holds the timer's own interval.
  const lateMs = (nanoseconds: number) => Math.max(0, nanoseconds / 1e6 - RESOLUTION_MS);
  const report = {
    p99Ms: lateMs(histogram.percentile(99)),
    maxMs: lateMs(histogram.max),
    samples: histogram.count,
  };
  histogram.reset();
  writeFileSync(process.env.LOOP_REPORT ?? '/dev/null', `${JSON.stringify(report)}\n`);
});
