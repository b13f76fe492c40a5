#!/usr/bin/env node
import cluster from 'node:cluster';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openStore } from '../db/open-store.ts';
import { openPlatform } from '../db/platform/open-platform.ts';
import { openRestoration } from '../db/restore.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../tools/index.ts';
import { auditChain } from './audit/audit-event.ts';
import { runCli } from './cli/program.ts';
import type { Listening, Runtime } from './cli/runtime.ts';
import { sentenceOf } from './cli/with-services.ts';
import type { Config } from './config.ts';
import { type PreparedTools, prepareTools } from './configured-tools.ts';
import { startDailyTasks, startMinuteTasks, writeWhatIsLeft } from './housekeeping.ts';
import { createHttpApp } from './http-app.ts';
import { createLog, loadPretty } from './log.ts';
import { createServices, type Platform, type Services } from './services.ts';
import { createPrimary } from './workers/primary.ts';
import { joinFleet, type WorkerFleet } from './workers/worker.ts';

/** Connections are cheap to open and hold: every wait has an end (milliseconds and bytes). */
const connectionLimits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false, // The pipeline answers a missing Host itself, with a code.
};

const SHUTDOWN_MS = 10_000;
const MOST_CONNECTIONS = 5000;
/** A socket on which nothing moves is closed so long after the longest that a tool call may be silent. */
const IDLE_MS = 120_000;

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const primary = createPrimary();
/** Null in whatever was not started by a primary. */
let worker: WorkerFleet | null = null;
const fleetOfWorker = (): WorkerFleet | null => worker;

async function openServices(
  config: Config,
  { tools, downstreams, reports }: PreparedTools,
): Promise<Services & { close(): Promise<void> }> {
  const now = Date.now;
  const log = createLog({
    level: config.logLevel,
    pretty: process.stderr.isTTY ? await loadPretty() : null,
    write: (line) => process.stderr.write(line),
    secrets: [config.adminToken, config.metricsToken],
  });
  const store = openStore(config.storeFile, { durability: config.audit.durability, auditChain, now });
  const platform = await openConfigured(config);
  if (cluster.worker !== undefined) worker = await joinFleet(cluster.worker, config.server.workers);
  const fleet = worker ?? primary;
  const bootstrapCode = worker?.bootstrapCode;
  const parts = { config, version, store, platform, tools, operatorTools, log, fleet, bootstrapCode, now };
  const services = await createServices(parts);
  for (const report of worker === null ? reports : []) {
    const { unscoped, refused, held, isFirstSeen } = report;
    const isWhole = !isFirstSeen && unscoped.length + refused.length + held.length === 0;
    log[isWhole ? 'info' : 'warn'](report, 'tools of a downstream');
  }
  return {
    ...services,
    async close() {
      try {
        await writeWhatIsLeft(services);
      } finally {
        await Promise.all([platform, ...downstreams].map((each) => each.close()));
        await store.close();
      }
    },
  };
}

async function openConfigured({ downstream, platformFile }: Config): Promise<Platform> {
  if (downstream.url === 'embedded:') return openPlatform(platformFile, { now: Date.now });
  const { createConfiguredDownstream } = await import('./downstream/configured-downstream.ts');
  return createConfiguredDownstream(downstream.url, downstream, process.env);
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
  server.timeout = services.config.limits.toolTimeoutSeconds * 1000 + IDLE_MS;
  const { host, port } = services.config.server;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const tasks = [startMinuteTasks(services), ...(worker === null ? [startDailyTasks(services)] : [])];
  const bound = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    url: urlOf(host, bound.port),
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
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
  now: Date.now,
  prepareTools: (config) => prepareTools(config, process.env, { tools: shippedTools, platformTools }),
  openServices,
  openRestoration: (config, file) => openRestoration(config.storeFile, file, { auditChain, now: Date.now }),
  listen,
  stopRequested: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
      worker?.onStop(resolve);
    }),
};

// A reader such as `head` may close the pipe early; there is then nobody to tell.
process.stdout.on('error', () => process.exit(1));

try {
  process.exitCode = await runCli(process.argv.slice(2), version, runtime);
  // The channel to the primary would keep the process alive.
  fleetOfWorker()?.leave();
} catch (error) {
  runtime.err(`tenantry: ${sentenceOf(error)}`);
  if (process.env.LOG_LEVEL === 'debug') console.error(error);
  process.exitCode = 1;
}
