#!/usr/bin/env node
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { inspect } from 'node:util';
import { openPlatform } from '../db/platform/open-platform.ts';
import { locateStore } from '../db/sqlite/locate-store.ts';
import { openStore } from '../db/sqlite/open-store.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../tools/index.ts';
import { auditChain } from './audit/chain/row-hash.ts';
import { renderCommand } from './cli/keys/render-command.ts';
import { tellLostOutput } from './cli/lost-output.ts';
import { runCli } from './cli/run-cli.ts';
import type { Listening, Runtime } from './cli/runtime.ts';
import { sentenceOf } from './cli/with-services.ts';
import { createClock } from './clock.ts';
import type { Config } from './config/load-config.ts';
import { exposedToPrograms, secretsIn } from './config/secrets.ts';
import { createLog, createRedactor, loadPretty } from './log.ts';
import { newBootstrapCode } from './provisioning/bootstrap.ts';
import { printable, printableLines } from './secrets/printable.ts';
import { connectionLimits, IDLE_MS, MOST_CONNECTIONS, SHUTDOWN_MS } from './server/connection-limits.ts';
import { closeAll, startDailyTasks, startMinuteTasks } from './server/housekeeping.ts';
import { createHttpApp } from './server/http-app.ts';
import { createServices, type Platform, type Services } from './server/services.ts';
import { watchSilentConnections } from './server/silent-connections.ts';
import { createUnexpectedEnd } from './server/unexpected-end.ts';
import { type PreparedTools, prepareTools } from './tool-sources/prepare-tools.ts';
import { logExposed, logReports } from './tool-sources/tool-report.ts';
import { createPrimary } from './workers/primary.ts';
import { joinFleet, type WorkerFleet } from './workers/worker.ts';

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

// What this program writes, and what programs that it starts write, is for its user alone.
process.umask(0o077);

const unexpectedEnd = createUnexpectedEnd({
  err: (line) => process.stderr.write(`${line}\n`),
  exit: (code) => process.exit(code),
});
process.on('uncaughtException', unexpectedEnd.note); // A rejection that nobody handled comes here too.

/** One for the process: everything that it opens can ask how late it is. */
const clock = createClock(Date.now, () => performance.now());

const primary = createPrimary();
/** Null unless a primary started this process. */
let worker: WorkerFleet | null = null;
// A function, since the compiler takes the variable for what it was last set to here.
const fleetOfWorker = (): WorkerFleet | null => worker;

async function openServices(
  config: Config,
  { tools, shipped, downstreams, reports }: PreparedTools,
): Promise<Services & { close(): Promise<void> }> {
  if (cluster.worker !== undefined) worker = await joinFleet(cluster.worker, config.server.workers);
  const bootstrapCode = worker?.bootstrapCode ?? newBootstrapCode();
  const redact = createRedactor([...secretsIn(config, process.env), bootstrapCode]);
  const log = createLog({
    level: config.logLevel,
    pretty: process.stderr.isTTY ? await loadPretty() : null,
    write: (line) => process.stderr.write(line),
    redact,
  });
  unexpectedEnd.logTo(log);
  const { durability } = config.audit;
  const storeLocation = locate(config);
  const store = openStore(storeLocation.files.file, { durability, ...config.store, auditChain, clock });
  const services = await createServices({
    config,
    version,
    store,
    storeLocation,
    platform: await openConfigured(config),
    tools,
    shipped,
    operatorTools,
    log,
    redact,
    fleet: worker ?? primary,
    bootstrapCode,
    renderCommand,
    clock,
  });
  if (worker === null) {
    logReports(log, reports, process.stderr.isTTY);
    logExposed(log, exposedToPrograms(config, process.env));
  }
  return { ...services, close: () => closeAll(services, downstreams) };
}

const locate = ({ store, dataDir }: Config) => locateStore(store.url, dataDir, { auditChain, clock });

async function openConfigured({ downstream, platformFile, store }: Config): Promise<Platform> {
  if (downstream.url === 'embedded:') return openPlatform(platformFile, { ...store, now: clock.now });
  const { createConfiguredDownstream } = await import('./downstream/configured-downstream.ts');
  return createConfiguredDownstream(downstream.url, downstream, process.env, clock.elapsed);
}

function listen(services: Services): Promise<Listening> {
  const { workers } = services.config.server;
  return worker === null && workers > 1 ? listenWithWorkers(services) : listenHere(services);
}

/** This process answers nothing: it keeps the workers, and does what one does for all. */
async function listenWithWorkers(services: Services): Promise<Listening> {
  const { config, log, bootstrap } = services;
  const port = await primary.start(config.server.workers, bootstrap.code, log);
  const tasks = [startMinuteTasks(services), startDailyTasks(services)];
  return {
    url: urlOf(config.server.host, port),
    async stop() {
      await primary.stop();
      for (const task of tasks) task.stop();
    },
  };
}

const urlOf = (host: string, port: number): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

async function listenHere(services: Services): Promise<Listening> {
  const app = createHttpApp(services);
  const server = createServer(connectionLimits, (request, response) => void app.handle(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  // What is beyond a count would be dropped without a word, a second credential too; bytes are the limit.
  server.maxHeadersCount = 0;
  const silent = watchSilentConnections(server);
  server.timeout = services.config.limits.toolTimeoutSeconds * 1000 + IDLE_MS;
  const { host, port } = services.config.server;
  // Node takes one connection a turn: in a busy one a crowd must wait in the system's queue, not be turned away there.
  const address = { port, host, backlog: MOST_CONNECTIONS };
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(address, resolve));
  const tasks = [startMinuteTasks(services), ...(worker === null ? [startDailyTasks(services)] : [])];
  const bound = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    url: urlOf(host, bound.port),
    started: app.started,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
      silent.closeSoon();
      await app.inFlight.drain();
      server.closeIdleConnections();
      await closed;
      clearTimeout(deadline);
      for (const task of tasks) task.stop();
      await app.close();
    },
  };
}

const runtime: Runtime = {
  env: process.env,
  cwd: process.cwd(),
  stdin: process.stdin,
  stdout: process.stdout,
  out: (line) => process.stdout.write(`${line}\n`),
  err: (line) => process.stderr.write(`${line}\n`),
  isWorker: cluster.isWorker,
  isTerminal: process.stdout.isTTY,
  uid: process.getuid?.(),
  now: clock.now,
  prepareTools: (config, options) => {
    const tell = (line: string) => void process.stderr.write(`${printable(line)}\n`);
    const asked = { ...options, elapsed: clock.elapsed, tell };
    return prepareTools(config, process.env, { tools: shippedTools, platformTools }, asked);
  },
  openServices,
  locateStore: locate,
  listen,
  stopRequested: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      worker?.onStop(resolve);
      void unexpectedEnd.stopRequested().then(resolve);
    }),
};

// Nobody may read the log any more, such as a collector that restarts: the audit is elsewhere, and calls go on.
process.stderr.on('error', () => {});
process.stdout.on('error', (error) => process.exit(tellLostOutput(error, runtime)));

try {
  const exitCode = await runCli(process.argv.slice(2), version, runtime);
  process.exitCode = unexpectedEnd.hasFailed() ? 1 : exitCode;
  // The channel to the primary would keep the process alive.
  fleetOfWorker()?.leave();
} catch (error) {
  runtime.err(`tenantry: ${sentenceOf(error)}`);
  if (process.env.LOG_LEVEL === 'debug') runtime.err(printableLines(inspect(error)));
  process.exitCode = 1;
}
