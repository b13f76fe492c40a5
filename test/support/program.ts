import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { noteKeysIn, requireNoSecrets, unaskedOutput } from './secrets.ts';

export const mainFile = join(import.meta.dirname, '../../src/main.ts');

/** What a program needs of its surroundings; nothing of the test run's own settings leaks into it. */
export const bareEnvironment = (): Record<string, string> => ({
  PATH: process.env.PATH ?? '',
  HOME: process.env.HOME ?? tmpdir(),
  // Spares each start the parsing of the same files.
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/tests'),
});

type Environment = Readonly<Record<string, string>>;
type Output = 'stdout' | 'stderr';

/** The real program in a process of its own; killed when the test ends. */
export const startProgram = (args: readonly string[], env: Environment, cwd?: string) =>
  startScript(mainFile, args, env, cwd);

/** Any script under the Node of this project, likewise. */
export function startScript(file: string, args: readonly string[], env: Environment, cwd: string = tmpdir()) {
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...bareEnvironment(), ...env },
    stdio: 'pipe',
  });
  const seen = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      seen[name] += text;
    });
  }
  // A program that has gone closes its input; what it wrote tells the test more than EPIPE.
  child.stdin.on('error', () => {});
  // `close` comes after `exit`, when all output has been read.
  const closed = once(child, 'close').then(([code, signal]) => ({ code, signal, ...seen }));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
    noteKeysIn(seen.stdout + seen.stderr);
    if (file === mainFile) requireNoSecrets({ texts: unaskedOutput(args, seen) });
  });

  return {
    pid: child.pid,
    stdin: child.stdin,
    stdoutStream: child.stdout,
    stderrStream: child.stderr,
    seen,
    /** Resolves when it has ended and all it wrote has been read. */
    closed,
    kill: (signal: NodeJS.Signals) => child.kill(signal),
    /** The first match in what it writes, however the chunks fall. */
    async waitFor(output: Output, pattern: RegExp, withinMs = 60_000): Promise<RegExpExecArray> {
      const deadline = performance.now() + withinMs;
      while (performance.now() < deadline) {
        const match = pattern.exec(seen[output]);
        if (match !== null) return match;
        if (child.exitCode !== null && child.stdout.readableEnded) break;
        await new Promise((resolve) => setTimeout(resolve, 10));
      }
      throw new Error(`no ${pattern} on ${output}:\n${seen.stdout}\n${seen.stderr}`);
    },
  };
}

export type Program = ReturnType<typeof startProgram>;

/** A machine that is busy takes its time to start a process. */
const START_MS = 60_000;

/** `tenantry serve` on a free port; resolves once it says that it listens. */
export async function startServer(env: Environment, cwd?: string, withinMs: number = START_MS) {
  const program = startProgram(['serve'], { PORT: '0', ...env }, cwd);
  const [, url = ''] = await program.waitFor('stdout', /^tenantry listening on (http:\S+)$/m, withinMs);
  return { ...program, url };
}
