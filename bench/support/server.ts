import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { onCores } from './machine.ts';

export const root = resolve(import.meta.dirname, '../..');

export type BenchServer = {
  readonly url: string;
  readonly pid: number;
  /** The process and those that it started. */
  pids(): readonly number[];
  /** What it printed before it listened, on both of its outputs. */
  readonly said: string;
  stop(): Promise<void>;
};

type Start = {
  readonly command: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly cores?: string;
};

const START_MS = 60_000;

/** Starts a server and waits until it says where it listens. */
export async function startServer({ command, env = {}, cores = '0' }: Start): Promise<BenchServer> {
  const [program, args] = onCores(cores, command);
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env }, stdio: 'pipe' });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} cannot be started`);
  const { url, said } = await listening(child);
  return {
    url,
    pid,
    pids: () => [pid, ...childrenOf(pid)],
    said,
    async stop() {
      if (child.exitCode !== null) return;
      const ended = new Promise((settle) => child.once('exit', settle));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function listening(child: ChildProcess): Promise<{ url: string; said: string }> {
  return new Promise((settle, fail) => {
    let said = '';
    const timer = setTimeout(() => fail(new Error(`no server within ${START_MS} ms: ${said}`)), START_MS);
    const hear = (chunk: Buffer) => {
      said += chunk;
      const url = /listening on (http:\S+)/.exec(said)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      settle({ url, said });
    };
    child.stdout?.on('data', hear);
    child.stderr?.on('data', hear);
    child.once('exit', (code) => fail(new Error(`the server ended with ${code}: ${said}`)));
  });
}

function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .trim()
        .split(' ')
        .filter(Boolean)
        .map(Number),
    );
  } catch {
    return [];
  }
}

export const startPeer = (name: string, env: Readonly<Record<string, string>>): Promise<BenchServer> =>
  startServer({ command: [process.execPath, join(root, `bench/peers/${name}.mjs`)], env });

/** A folder with a configuration for Tenantry, which nothing but the bench uses. */
export function makeFolder(config: Readonly<Record<string, unknown>> = {}): string {
  const folder = mkdtempSync(join(tmpdir(), 'bench-tenantry-'));
  const settings = { dataDir: folder, logLevel: 'silent', ...config };
  const server = { port: 0, ...Object(config.server) };
  writeFileSync(join(folder, 'mcp.config.json'), JSON.stringify({ ...settings, server }));
  return folder;
}

export const removeFolder = (folder: string): void => rmSync(folder, { recursive: true, force: true });

/** Tenantry as it is started by anybody: `tenantry serve` with a configuration. */
export const startTenantry = (folder: string, cores?: string): Promise<BenchServer> =>
  startServer({
    command: [join(root, 'src/bin.js'), 'serve'],
    env: { TENANTRY_CONFIG: join(folder, 'mcp.config.json') },
    ...(cores !== undefined && { cores }),
  });
