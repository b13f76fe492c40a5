import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Task } from './store-process.ts';

type WithoutStart<T> = T extends unknown ? Omit<T, 'startAtMs'> : never;

/** Runs each task in a process of its own, all from the same instant on; answers what each printed. */
export function runTogether(tasks: readonly WithoutStart<Task>[]): Promise<unknown[]> {
  const startAtMs = Date.now() + 1500;
  return Promise.all(tasks.map((task) => runProcess({ ...task, startAtMs } as Task)));
}

async function runProcess(task: Task): Promise<unknown> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'store-process.ts')]);
  child.stdin.end(JSON.stringify(task));
  const [output, complaint, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve) => child.on('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`the process ended with ${code}: ${complaint}`);
  return JSON.parse(output);
}
