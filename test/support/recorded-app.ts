import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';
import { createApp } from '../../src/app.ts';
import { addressSet } from '../../src/identity/client-address.ts';
import { createInFlight } from '../../src/limits/in-flight.ts';
import { createRateLimit } from '../../src/limits/rate-limit.ts';
import type { OperatorTool } from '../../src/tool/define-operator-tool.ts';
import { createCallWatch } from '../../src/transport/http/call-watch.ts';
import { createPublicRoutes, publicJson } from '../../src/transport/http/public/public-routes.ts';
import { createRouter } from '../../src/transport/http/router.ts';
import { createMcpEndpoint } from '../../src/transport/mcp/mcp.ts';
import {
  createCallersDocuments,
  createDocumentRoutes,
  createDocuments,
} from '../../src/transport/rest/document-routes.ts';
import { operatorTools } from '../../tools/index.ts';
import { ADMIN_TOKEN } from './operator.ts';
import { startTwoTenants } from './start-app.ts';

/** What a request sets off, each by the part of the server that does it. */
export type Step =
  | 'route'
  | 'host'
  | 'origin'
  | 'public answer'
  | 'audit slot'
  | 'capacity'
  | 'authenticate'
  | 'share'
  | 'body'
  | 'place'
  | 'watch'
  | 'answer'
  | 'audit row'
  | 'write'
  | 'unwatch';

/** The real app on real parts, each of which writes down that it was asked; one may be told to fail. */
export async function startRecorded() {
  const started = await startTwoTenants({ seed: false, env: { ADMIN_TOKEN } });
  const { services } = started;
  const steps: Step[] = [];
  const failing: { at: Step | undefined } = { at: undefined };
  const noting =
    <Args extends readonly unknown[], Result>(step: Step, call: (...args: Args) => Result) =>
    (...args: Args): Result => {
      steps.push(step);
      if (failing.at === step) throw new Error(`a bug in ${step}`);
      return call(...args);
    };
  const app = createApp(recordedParts(services, noting, steps));
  const server = createServer((request, response) => {
    record(request, response, noting);
    void app.handle(request, response);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise<void>((resolve) => server.close(() => resolve())));
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  const writer = await started.mint(started.acme, { scopes: ['research_group:write'] });
  return { ...started, writer: writer.plaintext, port, url: `http://127.0.0.1:${port}`, steps, failing };
}

type Noting = <Args extends readonly unknown[], Result>(
  step: Step,
  call: (...args: Args) => Result,
) => (...args: Args) => Result;
type Services = Awaited<ReturnType<typeof startTwoTenants>>['services'];

function record(request: IncomingMessage, response: ServerResponse, noting: Noting): void {
  const readBody = noting('body', () => {});
  request.on('newListener', (event) => {
    if (event === 'data') readBody();
  });
  response.writeHead = noting('write', response.writeHead.bind(response) as () => ServerResponse);
}

function recordedParts(services: Services, noting: Noting, steps: Step[]) {
  const { callTool, slot, operator, identify, format, now, log } = services;
  const documents = createDocuments('0.0.0-test');
  const callersDocuments = [...createCallersDocuments(documents)].map(
    ([path, render]) => [path, noting('answer', render)] as const,
  );
  const operations = operatorTools.map((tool): OperatorTool => {
    // Whatever context it takes, it gets the one that it would have got.
    const handle = tool.handle as (input: unknown, context: never) => Promise<unknown>;
    return { ...tool, handle: noting('answer', handle) } as OperatorTool;
  });
  const router = createRouter(callTool.tools.all, operations, new Map(callersDocuments));
  const publicRoutes = createPublicRoutes({
    '/healthz': async () => publicJson(200, { status: 'ok' }),
    ...createDocumentRoutes(documents, callTool.tools.all),
  });
  const inFlight = createInFlight(100, { isBehind: false, isLate: false });
  const rateLimit = createRateLimit(1000, () => 0, services.fleet.counts('requests admitted'));
  const calls = createCallWatch();
  const mcp = createMcpEndpoint(services.mcp);
  return {
    allowedHosts: new Set(['127.0.0.1', 'localhost']),
    isAllowedOrigin: noting('origin', () => true),
    publicRoutes: {
      ...publicRoutes,
      skipHostCheck: noting('host', publicRoutes.skipHostCheck),
      answer: noting('public answer', publicRoutes.answer),
    },
    router: { match: noting('route', router.match) },
    identify: noting('authenticate', identify),
    format,
    now,
    organizationHeader: 'x-organization-id',
    trustedProxies: addressSet([]),
    mcp: { ...mcp, answer: noting('answer', mcp.answer) },
    callTool: { ...callTool, tools: { ...callTool.tools, find: noting('answer', callTool.tools.find) } },
    operator,
    slot: {
      ...slot,
      now: noting('audit slot', slot.now),
      trail: {
        ...slot.trail,
        async append(row: Parameters<typeof slot.trail.append>[0]) {
          await slot.trail.append(row);
          steps.push('audit row');
        },
      },
    },
    rateLimit: { ...rateLimit, take: noting('share', rateLimit.take) },
    inFlight: {
      ...inFlight,
      requireRoom: noting('capacity', inFlight.requireRoom),
      enter: noting('place', inFlight.enter),
    },
    calls: {
      watch: noting('watch', (call: Parameters<typeof calls.watch>[0]) =>
        noting('unwatch', calls.watch(call)),
      ),
    },
    log,
  };
}
