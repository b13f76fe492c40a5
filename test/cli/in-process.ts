import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { openStore } from '../../db/open-store.ts';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { openRestoration } from '../../db/restore.ts';
import { auditChain } from '../../src/audit/audit-event.ts';
import { runCli } from '../../src/cli/program.ts';
import type { Listening, Runtime } from '../../src/cli/runtime.ts';
import type { Config, Environment } from '../../src/config.ts';
import { type PreparedTools, prepareTools } from '../../src/configured-tools.ts';
import { alone } from '../../src/fleet.ts';
import { createHttpApp } from '../../src/http-app.ts';
import { createLog } from '../../src/log.ts';
import { createServices, type Services } from '../../src/services.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../../tools/index.ts';
import { noteKeysIn, requireNoSecrets, unaskedOutput } from '../support/secrets.ts';

/** A command as main would run it, on the real stores and sockets, and without the half second that a process takes. */
export async function runHere(
  args: readonly string[],
  env: Environment,
  cwd: string,
  more: Partial<Runtime> = {},
) {
  const { runtime, seen } = createRuntime(env, cwd);
  const code = await runCli(args, '0.0.0-test', { ...runtime, ...more });
  noteKeysIn(seen.stdout);
  requireNoSecrets({ texts: unaskedOutput(args, seen) });
  return { code, ...seen };
}

/** `tenantry serve` in this process; stops when the test ends. */
export async function serveHere(env: Environment, cwd: string): Promise<{ readonly url: string }> {
  const { runtime, seen } = createRuntime(env, cwd);
  const stop = Promise.withResolvers<void>();
  const heard = Promise.withResolvers<string>();
  const serving: Runtime = {
    ...runtime,
    stopRequested: () => stop.promise,
    async listen(services) {
      const listening = await listen(services);
      heard.resolve(listening.url);
      return listening;
    },
  };
  const served = runCli(['serve'], '0.0.0-test', serving);
  onTestFinished(async () => {
    stop.resolve();
    await served;
  });
  const ended = served.then((code): never => {
    throw new Error(`serve ended with ${code}: ${seen.stderr}`);
  });
  return { url: await Promise.race([heard.promise, ended]) };
}

function createRuntime(env: Environment, cwd: string) {
  const seen = { stdout: '', stderr: '' };
  const stdout = new Writable({
    write(chunk, _encoding, written) {
      seen.stdout += chunk;
      written();
    },
  });
  const runtime: Runtime = {
    env,
    cwd,
    stdin: new PassThrough().end(),
    stdout,
    out: (line) => {
      seen.stdout += `${line}\n`;
    },
    err: (line) => {
      seen.stderr += `${line}\n`;
    },
    isWorker: false,
    isTerminal: false,
    now: Date.now,
    prepareTools: (config) => prepareTools(config, env, { tools: shippedTools, platformTools }),
    openServices,
    openRestoration: (config, file) => openRestoration(config.storeFile, file, { auditChain, now: Date.now }),
    listen,
    stopRequested: () => Promise.resolve(),
  };
  return { runtime, seen };
}

async function openServices(
  config: Config,
  { tools, downstreams }: PreparedTools,
): Promise<Services & { close(): Promise<void> }> {
  const now = Date.now;
  const log = createLog({ level: config.logLevel, pretty: null, write: () => {} });
  const store = openStore(config.storeFile, { durability: config.audit.durability, auditChain, now });
  const platform = openPlatform(config.platformFile, { now });
  const version = '0.0.0-test';
  const services = await createServices({
    config,
    version,
    store,
    platform,
    tools,
    operatorTools,
    log,
    fleet: alone,
    now,
  });
  return {
    ...services,
    async close() {
      await services.keyUses.flush();
      await Promise.all([platform, ...downstreams].map((each) => each.close()));
      await store.close();
    },
  };
}

async function listen(services: Services): Promise<Listening> {
  const app = createHttpApp(services);
  const server = createServer(
    { requireHostHeader: false },
    (request, response) => void app.handle(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await app.close();
    },
  };
}
