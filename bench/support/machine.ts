import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';

const has = (program: string): boolean => spawnSync(program, ['--version']).error === undefined;

const canPin = process.platform === 'linux' && availableParallelism() > 1 && has('taskset');

/** What measures requests: `wrk` where the machine has it, else `autocannon` from npm. */
export const loader: 'wrk' | 'autocannon' = has('wrk') ? 'wrk' : 'autocannon';

/** The server has core 0 for itself and the load comes from core 1, where the machine lets us say so. */
export function onCores(cores: string, command: readonly string[]): readonly [string, readonly string[]] {
  const [program = '', ...rest] = canPin ? ['taskset', '-c', cores, ...command] : command;
  return [program, rest];
}

const TICK_MICROS = 10_000;

/** CPU time that the processes have used, in microseconds; null where the system does not tell. */
export function cpuMicros(pids: readonly number[]): number | null {
  if (process.platform !== 'linux') return null;
  return pids.reduce((sum, pid) => {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return sum + (Number(fields[11]) + Number(fields[12])) * TICK_MICROS;
  }, 0);
}

/** A line of `/proc/<pid>/status` in MiB: `VmRSS` is what a process holds, `VmHWM` the most that it held. */
export function memoryMiB(pid: number, line: 'VmRSS' | 'VmHWM'): number | null {
  if (process.platform !== 'linux') return null;
  const kib = new RegExp(`^${line}:\\s+(\\d+) kB$`, 'm').exec(
    readFileSync(`/proc/${pid}/status`, 'utf8'),
  )?.[1];
  return kib === undefined ? null : Number(kib) / 1024;
}

export const machine = () => ({
  node: process.version,
  platform: `${process.platform} ${process.arch}`,
  cpu: cpus()[0]?.model.trim() ?? 'unknown',
  cores: availableParallelism(),
  pinned: canPin,
  loader,
});
