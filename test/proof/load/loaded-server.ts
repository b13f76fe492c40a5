import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { temporaryDir } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { startProgram } from '../../support/program.ts';
import { startApp, type Tenant } from '../../support/start-app.ts';
import type { LoadPlan, LoadResult } from './plan.ts';

const METRICS_TOKEN = 'a-token-for-metrics-of-more-than-32-bytes';

export type LoadedServer = Awaited<ReturnType<typeof startLoaded>>;

type LoadedOptions = {
  readonly tenants: number;
  readonly limits?: object;
  readonly env?: Readonly<Record<string, string>>;
};

/** The real program on a store with some organisations and a host key for all of them. */
export async function startLoaded({ tenants: count, limits = {}, env = {} }: LoadedOptions) {
  const dataDir = temporaryDir();
  const app = await startApp({ dataDir });
  const tenants: Tenant[] = [];
  for (let index = 0; index < count; index += 1) {
    // The search of the first few has something to find.
    tenants.push(await app.provision(`Organisation ${index}`, index < 4 ? 'acme' : undefined));
  }
  const { plaintext: hostKey } = await app.mintHost(tenants);
  await app.close();
  const file = join(dataDir, 'mcp.config.json');
  const tools = join(import.meta.dirname, 'load-tools.ts');
  writeFileSync(file, JSON.stringify({ dataDir, tools, limits, logLevel: 'warn' }));
  const server = startProgram(['serve'], { PORT: '0', TENANTRY_CONFIG: file, METRICS_TOKEN, ...env });
  // The machine may be busy with other proofs.
  const [, url = ''] = await server.waitFor('stdout', /^tenantry listening on (http:\S+)$/m, 60_000);
  const port = Number(new URL(url).port);
  const pid = server.pid ?? 0;
  return {
    ...server,
    url,
    port,
    tenants,
    hostKey,
    facts: () => factsOf(pid),
    /** A figure of `/metrics`. */
    async figure(name: string): Promise<number> {
      const { text } = await requestJson(`${url}/metrics`, { key: METRICS_TOKEN });
      return Number(new RegExp(`^${name} (\\S+)$`, 'm').exec(text)?.[1]);
    },
  };
}

/** What the system knows of a process; null where it does not tell (no `/proc`). */
export type ProcessFacts = { readonly rssMb: number; readonly descriptors: number };

function factsOf(pid: number): ProcessFacts {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  return { rssMb: Number(kilobytes) / 1024, descriptors: readdirSync(`/proc/${pid}/fd`).length };
}

/** Runs a plan in a process of its own, so that the load does not wait for the test, nor the test for the load. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const child = spawn(process.execPath, [join(import.meta.dirname, 'generator.ts')], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  child.stdin.end(JSON.stringify(plan));
  const [code] = await once(child, 'close');
  if (code !== 0) throw new Error(`the load generator ended with ${code}`);
  return JSON.parse(Buffer.concat(chunks).toString('utf8'));
}
