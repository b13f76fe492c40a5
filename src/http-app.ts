import { type App, createApp } from './app.ts';
import { isLoopbackHost } from './config.ts';
import { toAppError } from './errors.ts';
import { addressSet } from './identity/client-address.ts';
import { createInFlight, type InFlight } from './limits/in-flight.ts';
import { watchLoopDelay } from './limits/loop-delay.ts';
import { createRateLimit } from './limits/rate-limit.ts';
import type { Services } from './services.ts';
import { createDocumentRoutes, documents } from './transport/document-routes.ts';
import { createMcpFace } from './transport/mcp.ts';
import { createMetricsRoute } from './transport/metrics-route.ts';
import { createOpenRoutes, openJson } from './transport/open-routes.ts';
import { createRouter } from './transport/router.ts';

export type HttpApp = App & { readonly inFlight: InFlight; close(): Promise<void> };

/** The HTTP faces over the services; who listens, and where, is not its concern. */
export function createHttpApp(services: Services): HttpApp {
  const { config, callTool, operator, operatorTools, identity, slot, log, version, fleet } = services;
  const { server, limits } = config;
  const loop = watchLoopDelay(limits.maxEventLoopDelayMs, () => performance.now());
  const inFlight = createInFlight(Math.ceil(limits.maxConcurrentRequests / fleet.size), loop);
  const trustedProxies = addressSet(server.trustedProxies);
  const organizationHeader = server.organizationHeader.toLowerCase();
  const mcp = createMcpFace(services.mcp);
  const rendering = documents(version);
  const openRoutes = createOpenRoutes({
    '/healthz': async () => openJson(200, { status: 'ok' }),
    '/readyz': async () => readiness(services, inFlight),
    ...createMetricsRoute(services.metrics, config.metricsToken),
    ...createDocumentRoutes(rendering, [...callTool.tools.all, ...operatorTools]),
  });
  const app = createApp({
    allowedHosts: allowedHosts(server.host, server.allowedHosts),
    allowedOrigins: new Set(server.allowedOrigins),
    openRoutes,
    router: createRouter(callTool.tools.all, operatorTools, rendering),
    identity,
    organizationHeader,
    trustedProxies,
    mcp,
    callTool,
    operator,
    slot,
    rateLimit: createRateLimit(
      limits.requestsPerMinutePerKey,
      services.now,
      fleet.counts('requests admitted'),
    ),
    inFlight,
    log,
  });
  return {
    ...app,
    inFlight,
    close() {
      loop.stop();
      return mcp.close();
    },
  };
}

/** On a loopback address, the names by which a machine calls itself. */
function allowedHosts(host: string, configured: readonly string[]): ReadonlySet<string> {
  const own = isLoopbackHost(host) ? ['localhost', '127.0.0.1', '[::1]'] : [];
  return new Set([...own, ...configured]);
}

function readiness({ store }: Services, inFlight: InFlight) {
  if (inFlight.draining) return openJson(503, { status: 'shutting down' });
  try {
    store.ping();
    return openJson(200, { status: 'ready' });
  } catch (error) {
    return openJson(503, { status: 'store unavailable', code: toAppError(error).code });
  }
}
