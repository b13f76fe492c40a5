import { type App, createApp } from '../app.ts';
import { toAppError } from '../errors.ts';
import { addressSet } from '../identity/client-address.ts';
import { createInFlight, type InFlight } from '../limits/in-flight.ts';
import { watchLoopDelay } from '../limits/loop-delay.ts';
import { createRateLimit } from '../limits/rate-limit.ts';
import { isLoopbackHost, loopbackNames } from '../loopback.ts';
import { createCallWatch } from '../transport/http/call-watch.ts';
import { originCheck } from '../transport/http/host-check.ts';
import { createMetricsRoute } from '../transport/http/public/metrics-route.ts';
import { createPublicRoutes, publicJson } from '../transport/http/public/public-routes.ts';
import { createWelcomeRoute } from '../transport/http/public/welcome-page.ts';
import { createRouter } from '../transport/http/router.ts';
import { createMcpEndpoint } from '../transport/mcp/mcp.ts';
import {
  createCallersDocuments,
  createDocumentRoutes,
  createDocuments,
} from '../transport/rest/document-routes.ts';
import type { Services } from './services.ts';

type HttpApp = App & {
  readonly inFlight: InFlight;
  /** The start is over: its work does not count as overload. */
  started(): void;
  close(): Promise<void>;
};

/** MCP, REST and the public routes over the services. The caller listens. */
export function createHttpApp(services: Services): HttpApp {
  const { config, callTool, operator, operatorTools, identify, slot, log, version, fleet } = services;
  const { server, limits } = config;
  const loop = watchLoopDelay(limits.maxEventLoopDelayMs, services.clock.elapsed);
  const inFlight = createInFlight(Math.ceil(limits.maxConcurrentRequests / fleet.size), loop);
  const trustedProxies = addressSet(server.trustedProxies);
  const organizationHeader = server.organizationHeader.toLowerCase();
  const mcp = createMcpEndpoint(services.mcp);
  const documents = createDocuments(version);
  const app = createApp({
    allowedHosts: allowedHosts(server.host, server.allowedHosts),
    isAllowedOrigin: originCheck(server.allowedOrigins, isLoopbackHost(server.host)),
    publicRoutes: publicRoutesOf(services, inFlight, documents),
    router: createRouter(callTool.tools.all, operatorTools, createCallersDocuments(documents)),
    identify,
    format: services.format,
    now: services.now,
    organizationHeader,
    trustedProxies,
    mcp,
    callTool,
    operator,
    slot,
    rateLimit: createRateLimit(
      limits.requestsPerMinutePerKey,
      services.clock.elapsed,
      fleet.counts('requests admitted'),
    ),
    inFlight,
    calls: createCallWatch(),
    log,
  });
  return {
    ...app,
    inFlight,
    started: loop.restart,
    close() {
      loop.stop();
      return mcp.close();
    },
  };
}

/** What is answered without a credential. */
const publicRoutesOf = (
  services: Services,
  inFlight: InFlight,
  documents: ReturnType<typeof createDocuments>,
) =>
  createPublicRoutes({
    '/healthz': async () => publicJson(200, { status: 'ok' }),
    '/readyz': () => readiness(services, inFlight),
    ...createWelcomeRoute(),
    ...createMetricsRoute(services.metrics, services.config.metricsToken),
    ...createDocumentRoutes(documents, [...services.shipped, ...services.operatorTools]),
  });

/** On a loopback address, the names by which a machine calls itself. */
function allowedHosts(host: string, configured: readonly string[]): ReadonlySet<string> {
  const own = isLoopbackHost(host) ? loopbackNames : [];
  return new Set([...own, ...configured]);
}

async function readiness({ store }: Services, inFlight: InFlight) {
  if (inFlight.draining) return publicJson(503, { status: 'shutting down' });
  try {
    await store.ping();
    return publicJson(200, { status: 'ready' });
  } catch (error) {
    return publicJson(503, { status: 'store unavailable', code: toAppError(error).code });
  }
}
