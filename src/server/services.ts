import { auditLine } from '../audit/audit-event.ts';
import { createAuditSanitizer } from '../audit/audit-sanitizer.ts';
import type { SlotDeps } from '../audit/audit-slot.ts';
import { createRefusalLimit, type RefusalLimit } from '../audit/refusal-limit.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config/load-config.ts';
import type { Downstream } from '../downstream/downstream.ts';
import { createIdentify, type Identify, type IdentityDeps } from '../identity/identify.ts';
import { createKeyFormat, type KeyFormat } from '../keys/key-format.ts';
import { createKeyUses, type KeyUses } from '../keys/key-uses.ts';
import type { MintRules } from '../keys/policy/mint.ts';
import type { Log, Redact } from '../log.ts';
import { type Bootstrap, createBootstrap } from '../provisioning/bootstrap.ts';
import { createCatalogue } from '../scopes/scopes.ts';
import { createSecret } from '../secrets/secret.ts';
import type { Store } from '../store/store.ts';
import type { StoreLocation } from '../store/store-files.ts';
import type { Metrics } from '../telemetry/metrics.ts';
import type { OperatorCallDeps } from '../tool/call/call-operator-tool.ts';
import type { CallToolDeps } from '../tool/call/call-tool.ts';
import { createCursors } from '../tool/call/cursor.ts';
import type { OperatorTool } from '../tool/define-operator-tool.ts';
import type { Tool } from '../tool/define-tool.ts';
import { createRegistry } from '../tool/registry.ts';
import type { McpEndpointDeps } from '../transport/mcp/mcp.ts';
import { createToolDescriptors } from '../transport/mcp/tool-descriptors.ts';
import type { Fleet } from '../workers/fleet.ts';

/** The embedded platform knows how to fill itself for a demo. */
export type Platform = Downstream & {
  seedDemo?(organizationId: string, profile: 'acme' | 'bolt'): Promise<void>;
};

type Parts = {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly storeLocation: StoreLocation;
  readonly platform: Platform;
  readonly tools: readonly Tool[];
  /** The tools that a caller without a credential may read of. */
  readonly shipped: readonly Tool[];
  readonly operatorTools: readonly OperatorTool[];
  readonly log: Log;
  readonly fleet: Fleet;
  /** The one that the log has too: what is secret here is secret there. */
  readonly redact: Redact;
  readonly bootstrapCode: string;
  readonly renderCommand: CallToolDeps['renderCommand'];
  readonly clock: Clock;
};

/** Everything that a protocol needs, wired once. */
export type Services = Omit<Parts, 'tools' | 'redact' | 'bootstrapCode' | 'renderCommand'> & {
  readonly mintRules: MintRules;
  readonly identify: Identify;
  readonly format: KeyFormat;
  readonly callTool: CallToolDeps;
  readonly operator: OperatorCallDeps;
  readonly bootstrap: Bootstrap;
  /** What the MCP SDK needs, over HTTP and stdio alike. */
  readonly mcp: McpEndpointDeps;
  /** What every audit slot needs. */
  readonly slot: SlotDeps;
  readonly refusals: RefusalLimit;
  /** Null where nobody may read them. */
  readonly metrics: Metrics | null;
  readonly keyUses: KeyUses;
  readonly now: () => number;
};

export async function createServices(parts: Parts): Promise<Services> {
  const { config, store, clock, log } = parts;
  const { now } = clock;
  if (store.recoveryReport !== null) {
    log.warn(store.recoveryReport, 'the store was older than its ledger: see "tenantry keys confirm"');
  }
  await store.organizations.ensureCanonicalSet(config.scopes.canonical, now());
  const mintRules = mintRulesOf(config);
  const keyUses = createKeyUses(store.keys, now);
  const callTool = callToolDeps(parts, mintRules, keyUses);
  const operator = operatorDeps(parts, mintRules, keyUses);
  const refusals = createRefusalLimit(clock.elapsed, parts.fleet);
  const metrics = config.metricsToken === null ? null : await loadMetrics(parts.fleet);
  return {
    ...parts,
    now,
    mintRules,
    keyUses,
    identify: createIdentify(identityDeps(parts, mintRules, operator.bootstrap)),
    format: mintRules.format,
    callTool,
    operator,
    bootstrap: operator.bootstrap,
    mcp: mcpDeps(parts, callTool),
    slot: {
      trail: store.audit,
      refusals,
      now,
      elapsed: parts.clock.elapsed,
      observe: observer(metrics, keyUses, log),
      texts: createAuditSanitizer(parts.redact),
    },
    metrics,
    refusals,
  };
}

function mintRulesOf({ keys, scopes }: Config): MintRules {
  const { brand, environment, ...rules } = keys;
  const format = createKeyFormat(brand + environment, { workspaceTokens: keys.workspaceTokens });
  return { ...rules, format, catalogue: createCatalogue(scopes.catalogue) };
}

function callToolDeps(parts: Parts, mintRules: MintRules, keyUses: KeyUses): CallToolDeps {
  const { config, store, clock } = parts;
  const { now } = clock;
  const { toolTimeoutSeconds, maxInputElements } = config.limits;
  return {
    keys: store.keys,
    organizations: store.organizations,
    renderCommand: parts.renderCommand,
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
}

function operatorDeps(parts: Parts, mintRules: MintRules, keyUses: KeyUses): OperatorCallDeps {
  const { config, store, clock, bootstrapCode: code } = parts;
  const { organizations } = store;
  const { format, defaultTtlDays } = mintRules;
  const { now } = clock;
  const offered = config.adminToken === null;
  return {
    keys: store.keys,
    mintRules,
    keyUses,
    now,
    manageOrganizations: { organizations, format, now },
    bootstrap: createBootstrap({ organizations, format, defaultTtlDays, now, offered, code }),
    maxInputElements: config.limits.maxInputElements,
  };
}

function identityDeps(
  { config, store, clock }: Parts,
  { format, catalogue }: MintRules,
  bootstrap: Bootstrap,
): IdentityDeps {
  return {
    keys: store.keys,
    members: store.members,
    permissionRules: { permissions: config.permissions, configured: config.scopes.catalogue },
    format,
    now: clock.now,
    adminToken: createSecret(config.adminToken),
    organizations: store.organizations,
    catalogue,
    bootstrap,
  };
}

function mcpDeps({ version, config, log }: Parts, callTool: CallToolDeps): McpEndpointDeps {
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
  const { createMetrics } = await import('../telemetry/metrics.ts');
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
