import { auditLine } from './audit/audit-event.ts';
import type { SlotDeps } from './audit/audit-slot.ts';
import { createKeptTexts } from './audit/kept-texts.ts';
import { createRefusalLimit, type RefusalLimit } from './audit/refusal-limit.ts';
import type { Config } from './config.ts';
import type { Downstream } from './downstream/downstream.ts';
import type { Fleet } from './fleet.ts';
import type { IdentityDeps } from './identity/identify.ts';
import { createKeyFormat } from './keys/key-format.ts';
import { createKeyUses, type KeyUses } from './keys/key-uses.ts';
import type { MintRules } from './keys/mint.ts';
import { createRedactor, type Log } from './log.ts';
import { type Bootstrap, createBootstrap } from './provisioning/bootstrap.ts';
import { createCatalogue } from './scopes/scopes.ts';
import { createSecret } from './secret.ts';
import type { Store } from './store.ts';
import type { OperatorCallDeps } from './tool/call-operator-tool.ts';
import type { CallToolDeps } from './tool/call-tool.ts';
import { createCursors } from './tool/cursor.ts';
import type { OperatorTool } from './tool/define-operator-tool.ts';
import type { Tool } from './tool/define-tool.ts';
import { createRegistry } from './tool/registry.ts';
import type { McpFaceDeps } from './transport/mcp.ts';
import type { Metrics } from './transport/metrics.ts';
import { createToolDescriptors } from './transport/tool-descriptors.ts';

/** The embedded platform knows how to fill itself for a demo. */
export type Platform = Downstream & {
  seedDemo?(organizationId: string, profile: 'acme' | 'bolt'): Promise<void>;
};

/** Everything that a face needs, wired once. */
export type Services = {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly platform: Platform;
  readonly mintRules: MintRules;
  readonly identity: IdentityDeps;
  readonly callTool: CallToolDeps;
  readonly operator: OperatorCallDeps;
  readonly operatorTools: readonly OperatorTool[];
  readonly bootstrap: Bootstrap;
  /** What the MCP engine needs, over HTTP and stdio alike. */
  readonly mcp: McpFaceDeps;
  /** What every audit slot needs. */
  readonly slot: SlotDeps;
  readonly refusals: RefusalLimit;
  /** Null where nobody may read them. */
  readonly metrics: Metrics | null;
  readonly keyUses: KeyUses;
  readonly log: Log;
  readonly fleet: Fleet;
  readonly now: () => number;
};

type Parts = {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly platform: Platform;
  readonly tools: readonly Tool[];
  readonly operatorTools: readonly OperatorTool[];
  readonly log: Log;
  readonly fleet: Fleet;
  /** The code of the process that started this one; made when left out. */
  readonly bootstrapCode?: string | undefined;
  readonly now: () => number;
};

export async function createServices(parts: Parts): Promise<Services> {
  const { config, store, now } = parts;
  if (store.reckoning !== null) {
    parts.log.warn(store.reckoning, 'the store was older than its ledger: see "tenantry keys confirm"');
  }
  await store.organizations.settleCanon(config.scopes.canonical, now());
  const { brand, environment, workspaceTokens, ...ofKeys } = config.keys;
  const catalogue = createCatalogue(config.scopes.catalogue);
  const format = createKeyFormat(brand + environment, { workspaceTokens });
  const mintRules = { format, catalogue, workspaceTokens, ...ofKeys };
  const keyUses = createKeyUses(store.keys, now);
  const { toolTimeoutSeconds, maxInputElements } = config.limits;
  const callTool: CallToolDeps = {
    keys: store.keys,
    organizations: store.organizations,
    members: store.members,
    mintRules,
    now,
    tools: createRegistry(parts.tools),
    downstream: parts.platform,
    audit: store.audit,
    cursors: createCursors(store.cursorSecret, now),
    keyUses,
    defaults: { timeoutSeconds: toolTimeoutSeconds, maxInputElements },
  };
  const { organizations } = store;
  const bootstrap = createBootstrap({
    organizations,
    format,
    defaultTtlDays: ofKeys.defaultTtlDays,
    now,
    offered: config.adminToken === null,
    code: parts.bootstrapCode,
  });
  const operator: OperatorCallDeps = {
    keys: store.keys,
    mintRules,
    keyUses,
    now,
    manageOrganizations: { organizations, format, now },
    bootstrap,
    maxInputElements,
  };
  const refusals = createRefusalLimit(now, parts.fleet);
  const metrics = config.metricsToken === null ? null : await loadMetrics(parts.fleet);
  return {
    ...parts,
    mintRules,
    keyUses,
    identity: {
      keys: store.keys,
      members: store.members,
      permissionRules: { permissions: config.permissions, configured: config.scopes.catalogue },
      format,
      now,
      adminToken: createSecret(config.adminToken),
      organizations,
      catalogue,
    },
    callTool,
    operator,
    bootstrap,
    mcp: mcpDeps(parts, callTool),
    slot: {
      trail: store.audit,
      refusals,
      now,
      observe: observer(metrics, keyUses, parts.log),
      texts: createKeptTexts(createRedactor([config.adminToken, config.metricsToken, bootstrap.code])),
    },
    metrics,
    refusals,
  };
}

function mcpDeps({ version, config, log }: Parts, callTool: CallToolDeps): McpFaceDeps {
  return {
    version,
    tools: callTool.tools,
    extension: null,
    descriptors: createToolDescriptors(callTool.tools),
    callTool,
    denial: config.scopes.denial,
    fastLane: config.server.fastLane,
    report: (err, requestId) => log.error({ err, requestId }, 'a tool failed'),
  };
}

/** What counts for nobody is not loaded. */
async function loadMetrics(fleet: Fleet): Promise<Metrics> {
  const { createMetrics } = await import('./transport/metrics.ts');
  return createMetrics(fleet);
}

/** Each request counts in the metrics, as a use of its key and, at level `debug`, is a line of the log. */
function observer(metrics: Metrics | null, keyUses: KeyUses, log: Log): SlotDeps['observe'] {
  return (row) => {
    metrics?.observe(row);
    // A refused credential has a key id, but no tier: it is no use of the key.
    if (row.keyId !== null && row.tier !== 'none') keyUses.note(row.keyId, row.clientName);
    if (log.isLevelEnabled('debug')) log.debug({ requestId: row.requestId }, auditLine(row));
  };
}
