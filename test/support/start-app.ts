import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { locateStore } from '../../db/sqlite/locate-store.ts';
import { openStore } from '../../db/sqlite/open-store.ts';
import type { AuditEvent } from '../../src/audit/audit-event.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { operatorRow } from '../../src/audit/operator-row.ts';
import { renderCommand } from '../../src/cli/keys/render-command.ts';
import { createClock } from '../../src/clock.ts';
import { type Environment, loadConfig } from '../../src/config/load-config.ts';
import { secretsIn } from '../../src/config/secrets.ts';
import { createConfiguredDownstream } from '../../src/downstream/configured-downstream.ts';
import type { DownstreamReply, DownstreamRequest } from '../../src/downstream/downstream.ts';
import type { OrganizationId } from '../../src/ids.ts';
import { type Keyspace, organizationIn } from '../../src/keys/key-record.ts';
import { mintKey } from '../../src/keys/mint-key.ts';
import type { MintRequest } from '../../src/keys/policy/mint-request.ts';
import { createLog, createRedactor } from '../../src/log.ts';
import { operatorBy } from '../../src/principal.ts';
import { newBootstrapCode } from '../../src/provisioning/bootstrap.ts';
import { provisionOrganization } from '../../src/provisioning/provision.ts';
import { createHttpApp } from '../../src/server/http-app.ts';
import { createServices, type Platform, type Services } from '../../src/server/services.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import { prepareTools } from '../../src/tool-sources/prepare-tools.ts';
import type { SdkExtension } from '../../src/transport/mcp/sdk-extension.ts';
import { alone } from '../../src/workers/fleet.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../../tools/index.ts';
import { noteKey, requireNoSecrets } from './secrets.ts';

type Options = {
  /** Laid over the shipped defaults, as `mcp.config.json` would say it. */
  readonly config?: Record<string, unknown>;
  readonly env?: Environment;
  readonly tools?: readonly Tool[];
  /** Replaces the network below: answers instead of the embedded platform where it returns a reply. */
  readonly fakeReply?: (request: DownstreamRequest) => DownstreamReply | undefined;
  /** Acme and Bolt start with the demo's agents; off where a test needs none. */
  readonly seed?: boolean;
  /** A folder of stores to open again; a new one when left out. */
  readonly dataDir?: string;
  /** What the SDK speaks besides, as the conformance suite wants it. */
  readonly extension?: SdkExtension;
  /** Another clock than the machine's. */
  readonly now?: () => number;
  /** Another measure of spans than the machine's. */
  readonly elapsed?: () => number;
};

export type Tenant = { readonly id: OrganizationId; readonly name: string; readonly defaultKey: string };

/** The real app on a temporary store, behind a real socket; closed, and searched for plaintext, when the test ends. */
export async function startApp(options: Options = {}) {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'tenantry-test-'));
  const moved = { offsetMs: 0, spanMs: 0 };
  const machine = () => (options.now ?? Date.now)() + moved.offsetMs;
  // A clock that a test holds still does not go on by itself.
  const elapsed = options.now === undefined ? () => performance.now() + moved.spanMs : () => moved.spanMs;
  const clock = createClock(machine, options.elapsed ?? elapsed);
  const { now } = clock;
  const log: string[] = [];
  const sent: DownstreamRequest[] = [];
  const config = settledConfig(dataDir, options);
  const { durability } = config.audit;
  const storeLocation = locateStore(config.store.url, config.dataDir, { auditChain, clock });
  const store = openStore(storeLocation.files.file, { durability, ...config.store, auditChain, clock });
  const embedded: Platform =
    config.downstream.url === 'embedded:'
      ? openPlatform(config.platformFile, { ...config.store, now })
      : createConfiguredDownstream(
          config.downstream.url,
          config.downstream,
          options.env ?? {},
          clock.elapsed,
        );
  const platform = {
    ...embedded,
    async send(request: DownstreamRequest) {
      sent.push(request);
      return options.fakeReply?.(request) ?? (await embedded.send(request));
    },
  };
  const { tools, shipped, mistakes, reports, downstreams } = await prepareTools(
    config,
    options.env ?? {},
    { tools: options.tools ?? shippedTools, platformTools },
    { elapsed: clock.elapsed },
  );
  if (mistakes.length > 0) throw new Error(mistakes.join('; '));
  const bootstrapCode = newBootstrapCode();
  const redact = createRedactor([...secretsIn(config, options.env ?? {}), bootstrapCode]);
  const services: Services = await createServices({
    config,
    version: '0.0.0-test',
    store,
    storeLocation,
    platform,
    tools,
    shipped,
    operatorTools,
    log: createLog({ level: config.logLevel, pretty: null, write: (line) => log.push(line), redact }),
    redact,
    bootstrapCode,
    renderCommand,
    clock,
    fleet: alone,
  });
  const { extension = null } = options;
  const app = createHttpApp({ ...services, mcp: { ...services.mcp, extension } });
  const server = createServer(
    // On a machine that is busy with other tests, a client is not idle because it is slow.
    { requireHostHeader: false, keepAliveTimeout: 60_000 },
    (request, response) => void app.handle(request, response),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;

  let closed = false;
  const close = async () => {
    if (closed) return;
    closed = true;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
    await app.close();
    try {
      // While the logs of the databases still exist beside them.
      requireNoSecrets({ folder: dataDir, texts: { 'the log': log.join('') } });
    } finally {
      await Promise.all([platform, ...downstreams].map((each) => each.close()));
      await store.close();
      if (options.dataDir === undefined) rmSync(dataDir, { recursive: true, force: true });
    }
  };
  onTestFinished(close);

  const seed = options.seed ?? true;
  const provision = (name: string, profile?: 'acme' | 'bolt', externalId: string | null = null) =>
    provisionTenant(services, name, externalId, seed ? profile : undefined);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    dataDir,
    services,
    reports,
    app,
    /** Every request that left for the platform. */
    sent,
    /** Every line that was logged. */
    log,
    now,
    /** Moves the clock of the machine, also back; spans of time only grow. */
    advance: (ms: number) => {
      moved.offsetMs += ms;
      moved.spanMs += Math.max(0, ms);
    },
    provision,
    mint: (tenant: Tenant, request: Partial<MintRequest> = {}) => mintFor(services, tenant, request),
    /** A host key as the operator mints it, which may act for `tenants`. */
    mintHost: (tenants: readonly Tenant[], request: Partial<MintRequest> = {}) =>
      mintHostFor(services, tenants, request),
    /** The newest rows first, of every organisation. */
    audit: (limit = 100): Promise<readonly AuditEvent[]> => store.audit.listForOperator({}, { limit }),
    close,
  };
}

export type TestApp = Awaited<ReturnType<typeof startApp>>;

/** Two organisations with their default keys and agents of their own. */
export async function startTwoTenants(options: Options = {}) {
  const app = await startApp(options);
  const acme = await app.provision('Acme Research', 'acme');
  const bolt = await app.provision('Bolt Labs', 'bolt');
  app.sent.length = 0;
  return { ...app, acme, bolt };
}

function settledConfig(dataDir: string, options: Options) {
  const file = join(dataDir, 'mcp.config.json');
  // The test blocks the loop that it shares with the app.
  const limits = { maxEventLoopDelayMs: 0, ...Object(options.config?.limits) };
  writeFileSync(file, JSON.stringify({ dataDir, ...options.config, limits }));
  const loaded = loadConfig({ TENANTRY_CONFIG: file, ...options.env }, dataDir);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('; '));
  return loaded.config;
}

async function provisionTenant(
  services: Services,
  name: string,
  externalId: string | null,
  profile?: 'acme' | 'bolt',
): Promise<Tenant> {
  const { organization, defaultKey } = await provisionOrganization(
    { name, externalId, createdBy: 'cli' },
    ({ id }) =>
      operatorRow({ tier: 'cli', target: 'orgs create', organizationId: id, nowMs: services.now() }),
    { organizations: services.store.organizations, format: services.mintRules.format, now: services.now },
  );
  noteKey(defaultKey ?? '');
  if (profile !== undefined) await services.platform.seedDemo?.(organization.id, profile);
  return { id: organization.id, name, defaultKey: defaultKey ?? '' };
}

const mintFor = (services: Services, tenant: Tenant, request: Partial<MintRequest>) =>
  mintIn(services, tenant.id, { scopeType: 'global', ...request });

const mintHostFor = (services: Services, tenants: readonly Tenant[], request: Partial<MintRequest>) =>
  mintIn(services, 'operator', {
    scopeType: 'host',
    organizationIds: tenants.map(({ id }) => id),
    ...request,
  });

/** A key minted as the operator does it, with any scope. */
async function mintIn(
  services: Services,
  keyspace: Keyspace,
  request: Partial<MintRequest> & Pick<MintRequest, 'scopeType'>,
) {
  const organizationId = organizationIn(keyspace);
  const { key, plaintext } = await mintKey(
    keyspace,
    { name: 'test key', ...request },
    {
      principal: operatorBy('cli'),
      auditRow: () =>
        operatorRow({ tier: 'cli', target: 'keys mint', organizationId, nowMs: services.now() }),
    },
    { keys: services.store.keys, mintRules: services.mintRules, now: services.now },
  );
  noteKey(plaintext);
  return { ...key, plaintext };
}
