#!/usr/bin/env node
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
import { startHousekeeping, writeRefusalSummary } from './housekeeping.ts';
import { createHttpApp } from './http-app.ts';
import { createLog, loadPretty } from './log.ts';
import { createServices, type Platform, type Services } from './services.ts';

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
  const services = await createServices({ config, version, store, platform, tools, operatorTools, log, now });
  for (const report of reports) {
    const { unscoped, refused, held, isFirstSeen } = report;
    const isWhole = !isFirstSeen && unscoped.length + refused.length + held.length === 0;
    log[isWhole ? 'info' : 'warn'](report, 'tools of a downstream');
  }
  return {
    ...services,
    async close() {
      try {
        await services.keyUses.flush();
        await writeRefusalSummary(services);
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

async function listen(services: Services): Promise<Listening> {
  const app = createHttpApp(services);
  const server = createServer(connectionLimits, (request, response) => void app.handle(request, response));
  server.maxConnections = MOST_CONNECTIONS;
  server.timeout = services.config.limits.toolTimeoutSeconds * 1000 + IDLE_MS;
  const { host, port } = services.config.server;
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve));
  const housekeeping = startHousekeeping(services);
  const bound = server.address() as AddressInfo; // A TCP server that listens has one.
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${bound.port}`,
    async stop() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeIdleConnections();
      const deadline = setTimeout(() => server.closeAllConnections(), SHUTDOWN_MS);
      await app.inFlight.drain();
      server.closeIdleConnections();
      await closed;
      clearTimeout(deadline);
      housekeeping.stop();
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
  isTerminal: process.stdout.isTTY,
  now: Date.now,
  prepareTools: (config) => prepareTools(config, process.env, { tools: shippedTools, platformTools }),
  openServices,
  openRestoration: (config, file) => openRestoration(config.storeFile, file, { auditChain, now: Date.now }),
  listen,
  stopRequested: () =>
    new Promise((resolve) => {
      for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => resolve());
    }),
};

// A reader such as `head` may close the pipe early; there is then nobody to tell.
process.stdout.on('error', () => process.exit(1));

try {
  process.exitCode = await runCli(process.argv.slice(2), version, runtime);
} catch (error) {
  runtime.err(`tenantry: ${sentenceOf(error)}`);
  if (process.env.LOG_LEVEL === 'debug') console.error(error);
  process.exitCode = 1;
}
