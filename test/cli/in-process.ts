import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PassThrough, Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { locateStore } from '../../db/sqlite/locate-store.ts';
import { openStore } from '../../db/sqlite/open-store.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { renderCommand } from '../../src/cli/keys/render-command.ts';
import { runCli } from '../../src/cli/run-cli.ts';
import type { Listening, Runtime } from '../../src/cli/runtime.ts';
import type { Config, Environment } from '../../src/config/load-config.ts';
import { createLog, createRedactor } from '../../src/log.ts';
import { newBootstrapCode } from '../../src/provisioning/bootstrap.ts';
import { createHttpApp } from '../../src/server/http-app.ts';
import { createServices, type Services } from '../../src/server/services.ts';
import { type PreparedTools, prepareTools } from '../../src/tool-sources/prepare-tools.ts';
import { alone } from '../../src/workers/fleet.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../../tools/index.ts';
import { machineClock } from '../support/clocks.ts';
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
    uid: process.getuid?.(),
    now: Date.now,
    prepareTools: (config, options) =>
      prepareTools(config, env, { tools: shippedTools, platformTools }, { ...options, ...machineClock() }),
    openServices,
    locateStore: locate,
    listen,
    stopRequested: () => Promise.resolve(),
  };
  return { runtime, seen };
}

const locate = ({ store, dataDir }: Config) =>
  locateStore(store.url, dataDir, { auditChain, clock: machineClock() });

async function openServices(
  config: Config,
  { tools, shipped, downstreams }: PreparedTools,
): Promise<Services & { close(): Promise<void> }> {
  const clock = machineClock();
  const bootstrapCode = newBootstrapCode();
  const redact = createRedactor([bootstrapCode]);
  const log = createLog({ level: config.logLevel, pretty: null, write: () => {}, redact });
  const storeLocation = locate(config);
  const store = openStore(storeLocation.files.file, {
    durability: config.audit.durability,
    auditChain,
    clock,
  });
  const platform = openPlatform(config.platformFile, { ...config.store, ...clock });
  const version = '0.0.0-test';
  const services = await createServices({
    config,
    version,
    store,
    storeLocation,
    platform,
    tools,
    shipped,
    operatorTools,
    log,
    redact,
    bootstrapCode,
    renderCommand,
    fleet: alone,
    clock,
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
