import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, readFileSync, statSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';
import { onTestFinished } from 'vitest';
import { bareEnvironment } from '../../support/program.ts';

/** The files of a store that a power cut concerns; the index beside the WAL is made anew. */
export const traced = ['store', 'wal', 'ledger'] as const;
export type TracedFile = (typeof traced)[number];

/** One system call, in the order in which the process made them. */
export type TraceEvent =
  | { readonly kind: 'write'; readonly file: TracedFile; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'resize'; readonly file: TracedFile; readonly size: number }
  | { readonly kind: 'sync'; readonly file: TracedFile }
  /** Left for the client: the answers with these request ids. */
  | { readonly kind: 'answer'; readonly requestIds: readonly string[] };

const calls = 'pwrite64,write,writev,sendmsg,sendto,fdatasync,fsync,ftruncate,unlink';

/** Why this machine cannot trace a process; undefined where it can. */
export function whyNoTrace(): string | undefined {
  const probe = ['-f', '--seccomp-bpf', '-o', '/dev/null', 'true'];
  const { status, error, stderr } = spawnSync('strace', probe, { encoding: 'utf8' });
  if (error !== undefined) return 'there is no strace here';
  return status === 0 ? undefined : `strace may not trace here: ${stderr.trim().slice(0, 200)}`;
}

/**
 * A script under strace, which writes every call on files and sockets to `traceFile`; killed when the test ends.
 * `stringBytes` of each call are kept: all, where the files are to be built again.
 */
export function startTraced(
  script: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  { traceFile, stringBytes }: { readonly traceFile: string; readonly stringBytes: number },
) {
  const options = [
    '-D',
    '-f',
    '--seccomp-bpf',
    '-y',
    '-xx',
    '-s',
    String(stringBytes),
    '-e',
    `trace=${calls}`,
  ];
  const child = spawn('strace', [...options, '-o', traceFile, process.execPath, ...script], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let seen = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      seen += text;
    });
  }
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  return {
    child,
    async waitFor(pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
      for (let waitedMs = 0; waitedMs < withinMs && child.exitCode === null; waitedMs += 10) {
        const match = pattern.exec(seen);
        if (match !== null) return match;
        await setTimeout(10);
      }
      throw new Error(`the traced program never said ${pattern}:\n${seen}`);
    },
    /** Kills the program, and resolves once its trace is whole. */
    async kill(): Promise<void> {
      child.kill('SIGKILL');
      await closed;
      // With -D the tracer outlives what it traces by a moment.
      for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 20) {
        if (endsWhole(traceFile, child.pid)) return;
        await setTimeout(20);
      }
      throw new Error('the trace did not end');
    },
  };
}

function endsWhole(traceFile: string, pid: number | undefined): boolean {
  const size = statSync(traceFile).size;
  const tail = readFileSync(traceFile)
    .subarray(Math.max(0, size - 400))
    .toString('latin1');
  return tail.includes(`${pid} `) && new RegExp(`^${pid} +\\+\\+\\+ (killed|exited)`, 'm').test(tail);
}

/** What a trace says of the store in `storeFile`, and of the answers that left. */
export async function readTrace(traceFile: string, storeFile: string): Promise<readonly TraceEvent[]> {
  const files = new Map<string, TracedFile>([
    [storeFile, 'store'],
    [`${storeFile}-wal`, 'wal'],
    [`${storeFile}.ledger`, 'ledger'],
  ]);
  const sizes = new Map<TracedFile, number>();
  const unfinished = new Map<string, string>();
  const events: TraceEvent[] = [];
  for await (const line of createInterface({ input: createReadStream(traceFile, 'latin1') })) {
    const whole = wholeCall(line, unfinished);
    const event = whole === undefined ? undefined : eventOf(whole, files, sizes);
    if (event !== undefined) events.push(event);
  }
  return events;
}

/** A call that another thread's call interrupted takes two lines. */
function wholeCall(line: string, unfinished: Map<string, string>): string | undefined {
  const space = line.indexOf(' ');
  const thread = line.slice(0, space);
  const call = line.slice(space).trimStart();
  if (call.endsWith(' <unfinished ...>')) {
    unfinished.set(thread, call.slice(0, -' <unfinished ...>'.length));
    return undefined;
  }
  const resumed = /^<\.\.\. \w+ resumed>/.exec(call)?.[0];
  return resumed === undefined ? call : (unfinished.get(thread) ?? '') + call.slice(resumed.length);
}

const decode = (text: string): Buffer => Buffer.from(text.replaceAll('\\x', ''), 'hex');
const stringsIn = (text: string): Buffer =>
  Buffer.concat([...text.matchAll(/"((?:\\x[0-9a-f]{2})*)"/g)].map(([, hex = '']) => decode(hex)));

function eventOf(
  call: string,
  files: ReadonlyMap<string, TracedFile>,
  sizes: Map<TracedFile, number>,
): TraceEvent | undefined {
  const match = /^(\w+)\((?:\d+<([^>]*)>)?/.exec(call);
  const result = Number(/ = (-?\d+)(?: \w+ \([^)]*\))?$/.exec(call)?.[1] ?? '-1');
  if (match === null || result < 0) return undefined;
  const [head, name = '', place] = match;
  const rest = call.slice(head.length);
  const path = place === undefined ? stringsIn(rest).toString('latin1') : decode(place).toString('latin1');
  const file = files.get(path);
  if (file === undefined) return name.endsWith('sync') ? undefined : answerIn(path, rest);
  if (name === 'unlink') return { kind: 'resize', file, size: 0 };
  if (name.endsWith('sync')) return { kind: 'sync', file };
  if (name === 'ftruncate') {
    const size = Number(/^, (\d+)/.exec(rest)?.[1]);
    sizes.set(file, size);
    return { kind: 'resize', file, size };
  }
  const bytes = stringsIn(rest).subarray(0, result);
  // Only the ledger is written at its end; SQLite says where.
  const end = sizes.get(file) ?? 0;
  const offset = name === 'pwrite64' ? Number(/, \d+, (\d+)\)/.exec(rest)?.[1]) : end;
  sizes.set(file, Math.max(end, offset + result));
  return { kind: 'write', file, offset, bytes };
}

function answerIn(path: string, rest: string): TraceEvent | undefined {
  if (!/^(socket|TCP|pipe|UNIX)/.test(path)) return undefined;
  const text = stringsIn(rest).toString('latin1');
  const requestIds = [...text.matchAll(/^x-request-id: ([\w-]{36})/gim)].map(([, id = '']) => id);
  return requestIds.length === 0 ? undefined : { kind: 'answer', requestIds };
}
