import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { openStore } from '../../db/open-store.ts';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { type AuditEvent, auditChain } from '../../src/audit/audit-event.ts';
import { operatorRow } from '../../src/audit/operator-row.ts';
import { type Environment, loadConfig } from '../../src/config.ts';
import { prepareTools } from '../../src/configured-tools.ts';
import { createConfiguredDownstream } from '../../src/downstream/configured-downstream.ts';
import type { DownstreamReply, DownstreamRequest } from '../../src/downstream/downstream.ts';
import { alone } from '../../src/fleet.ts';
import { createHttpApp } from '../../src/http-app.ts';
import type { OrganizationId } from '../../src/ids.ts';
import { type Keyspace, organizationIn } from '../../src/keys/key-record.ts';
import type { MintRequest } from '../../src/keys/mint.ts';
import { mintKey } from '../../src/keys/mint-key.ts';
import { createLog } from '../../src/log.ts';
import { provisionOrganization } from '../../src/provisioning/provision.ts';
import { createServices, type Platform, type Services } from '../../src/services.ts';
import type { Tool } from '../../src/tool/define-tool.ts';
import type { EngineExtension } from '../../src/transport/engine-extension.ts';
import { operatorTools, platformTools, tools as shippedTools } from '../../tools/index.ts';
import { noteKey, requireNoSecrets } from './secrets.ts';

type Options = {
  /** Laid over the shipped defaults, as `mcp.config.json` would say it. */
  readonly config?: Record<string, unknown>;
  readonly env?: Environment;
  readonly tools?: readonly Tool[];
  /** Stands in for the network below: answers instead of the embedded platform where it returns a reply. */
  readonly fakeReply?: (request: DownstreamRequest) => DownstreamReply | undefined;
  /** Acme and Bolt start with the demo's agents; off where a test needs none. */
  readonly seed?: boolean;
  /** A folder of stores to open again; a new one when left out. */
  readonly dataDir?: string;
  /** What the engine speaks besides, as the conformance suite wants it. */
  readonly extension?: EngineExtension;
  /** Another clock than the machine's. */
  readonly now?: () => number;
};

export type Tenant = { readonly id: OrganizationId; readonly name: string; readonly defaultKey: string };

/** The real app on a temporary store, behind a real socket; closed, and searched for plaintext, when the test ends. */
export async function startApp(options: Options = {}) {
  const dataDir = options.dataDir ?? mkdtempSync(join(tmpdir(), 'tenantry-test-'));
  const clock = { offsetMs: 0 };
  const now = () => (options.now ?? Date.now)() + clock.offsetMs;
  const log: string[] = [];
  const sent: DownstreamRequest[] = [];
  const config = settledConfig(dataDir, options);
  const store = openStore(config.storeFile, { durability: config.audit.durability, auditChain, now });
  const embedded: Platform =
    config.downstream.url === 'embedded:'
      ? openPlatform(config.platformFile, { now })
      : createConfiguredDownstream(config.downstream.url, config.downstream, options.env ?? {});
  const platform = {
    ...embedded,
    async send(request: DownstreamRequest) {
      sent.push(request);
      return options.fakeReply?.(request) ?? (await embedded.send(request));
    },
  };
  const { tools, mistakes, reports, downstreams } = await prepareTools(config, options.env ?? {}, {
    tools: options.tools ?? shippedTools,
    platformTools,
  });
  if (mistakes.length > 0) throw new Error(mistakes.join('; '));
  const services: Services = await createServices({
    config,
    version: '0.0.0-test',
    store,
    platform,
    tools,
    operatorTools,
    log: createLog({ level: config.logLevel, pretty: null, write: (line) => log.push(line) }),
    now,
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
      // While the logs of the databases still stand beside them.
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
    advance: (ms: number) => {
      clock.offsetMs += ms;
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
    { operator: 'cli' },
    () => operatorRow({ tier: 'cli', target: 'keys mint', organizationId, nowMs: services.now() }),
    { keys: services.store.keys, mintRules: services.mintRules, now: services.now },
  );
  noteKey(plaintext);
  return { ...key, plaintext };
}
