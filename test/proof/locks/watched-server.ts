import { existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { temporaryDir } from '../../support/fresh-start.ts';
import { startScript } from '../../support/program.ts';
import { startSubject } from '../faults/subjects.ts';

type LoopReport = { readonly p99Ms: number; readonly maxMs: number; readonly samples: number };

/** The real program, which tells how late its event loop was. */
export async function startWatched(settings: Record<string, unknown> = {}) {
  const reportFile = join(temporaryDir(), 'loop.json');
  const watch = join(import.meta.dirname, 'watch-loop.ts');
  const env = { NODE_OPTIONS: `--import=${watch}`, LOOP_REPORT: reportFile };
  const subject = await startSubject(undefined, settings, env);
  return {
    ...subject,
    /** Since it was last asked. */
    async loopDelay(): Promise<LoopReport> {
      rmSync(reportFile, { force: true });
      subject.kill('SIGUSR2');
      while (!existsSync(reportFile) || !readFileSync(reportFile, 'utf8').endsWith('\n'))
        await setTimeout(10);
      return JSON.parse(readFileSync(reportFile, 'utf8'));
    },
  };
}

/** Another program that holds the store's lock again and again. */
export async function startHolder(storeFile: string, mode: string, heldMs: number, pauseMs: number) {
  const args = [storeFile, mode, String(heldMs), String(pauseMs)];
  const holder = startScript(join(import.meta.dirname, 'hold-lock.ts'), args, {});
  await holder.waitFor('stdout', /ready/, 60_000);
  return {
    /** Answers how often it had the lock. */
    async stop(): Promise<number> {
      holder.kill('SIGTERM');
      const { stdout } = await holder.closed;
      return Number(/held (\d+) times/.exec(stdout)?.[1]);
    },
  };
}
