import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** Whether this machine can tell which processes a session has left. */
export const canCountProcesses = existsSync('/proc/self/environ');

/** The commands of the processes whose environment holds `marker`, children of children too. */
export function processesWith(marker: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids
    .filter((pid) => readProc(pid, 'environ').includes(marker))
    .map((pid) => readProc(pid, 'cmdline'));
}

/** A process that has just ended, or is somebody else's, has nothing to read. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
}

/** Gives programs that were let go a moment to end. */
export async function leftBehind(marker: string, withinMs = 5000): Promise<string[]> {
  const latest = performance.now() + withinMs;
  while (true) {
    const left = processesWith(marker);
    if (left.length === 0 || performance.now() > latest) return left;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
