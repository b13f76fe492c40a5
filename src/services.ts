import { type AuditRow, auditLine, type ChainHead } from './audit/audit-event.ts';
import type { SlotDeps } from './audit/audit-slot.ts';
import type { AuditTrail } from './audit/audit-trail.ts';
import { createRefusalLimit, type RefusalLimit } from './audit/refusal-limit.ts';
import type { Config } from './config.ts';
import type { Downstream } from './downstream/downstream.ts';
import type { IdentityDeps } from './identity/identify.ts';
import { createKeyFormat } from './keys/key-format.ts';
import type { KeyStore } from './keys/key-store.ts';
import { createKeyUses, type KeyUses } from './keys/key-uses.ts';
import type { MintRules } from './keys/mint.ts';
import type { Log } from './log.ts';
import type { MemberStore } from './members/member-store.ts';
import type { OrganizationStore } from './provisioning/organization-store.ts';
import { createCatalogue } from './scopes/scopes.ts';
import type { CallToolDeps } from './tool/call-tool.ts';
import { createCursors } from './tool/cursor.ts';
import type { Tool } from './tool/define-tool.ts';
import { createRegistry, registryMistakes } from './tool/registry.ts';
import type { GateRules } from './transport/mcp-gate.ts';
import type { McpServerDeps } from './transport/mcp-server.ts';
import { createMetrics, type Metrics } from './transport/metrics.ts';
import { createToolDescriptors } from './transport/tool-descriptors.ts';

/** The key store and the audit trail, which share one file. */
export type Store = {
  readonly keys: KeyStore;
  readonly organizations: OrganizationStore;
  readonly members: MemberStore;
  readonly audit: AuditTrail;
  /** Made with the store, and the same for every process on it; it seals cursors. */
  readonly cursorSecret: Buffer;
  /** What opening it did to a store that was older than its ledger; null for one that was not. */
  readonly reckoning: Reckoning | null;
  /** Copies the store, as it is at one instant, into `file`, which is there and empty. */
  backup(file: string): Promise<Snapshot>;
  /** @throws STORE_UNAVAILABLE */
  ping(): void;
  /** Commits the rows that wait, then lets go of the file. A store that is closed stays closed. */
  close(): Promise<void>;
};

/** A copy of a store, made at one instant. */
export type Snapshot = { readonly head: ChainHead; readonly keys: number };

/**
 * What was done to an older store that came back: how many keys were revoked again and held, and how many
 * organisations deleted or suspended again. Unless the ledger covers the `whole` time since, every key is held.
 */
export type Reckoning = {
  readonly coverage: 'whole' | 'short' | 'missing';
  readonly revoked: number;
  readonly held: number;
  readonly organizations: number;
};

/** A snapshot about to take the place of the store, which nobody else can open meanwhile. */
export type Restoration = {
  readonly snapshot: Snapshot;
  /** `rowsSince` counts its audit rows since the snapshot; null where the snapshot is not of its past. */
  readonly replaced: { readonly head: ChainHead; readonly rowsSince: number | null } | null;
  readonly readChain: AuditTrail['readChain'];
  /** Holds it against the ledger and puts it in place, once; the store replaced is kept. */
  finish(auditRow: (reckoning: Reckoning) => AuditRow): {
    readonly reckoning: Reckoning;
    readonly keptFile: string | null;
  };
  close(): void;
};

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
  /** What the MCP engine needs, over HTTP and stdio alike. */
  readonly mcp: McpServerDeps & GateRules;
  /** What every audit slot needs. */
  readonly slot: SlotDeps;
  readonly refusals: RefusalLimit;
  readonly metrics: Metrics;
  readonly keyUses: KeyUses;
  readonly log: Log;
  readonly now: () => number;
};

type Parts = {
  readonly config: Config;
  readonly version: string;
  readonly store: Store;
  readonly platform: Platform;
  readonly tools: readonly Tool[];
  readonly log: Log;
  readonly now: () => number;
};

/** What the tools and the configuration say against each other, before anything is opened. */
export function toolMistakes(config: Config, tools: readonly Tool[]): readonly string[] {
  return registryMistakes(tools, createCatalogue(config.scopes.catalogue));
}

export async function createServices(parts: Parts): Promise<Services> {
  const { config, store, now } = parts;
  if (store.reckoning !== null) {
    parts.log.warn(store.reckoning, 'the store was older than its ledger: see "tenantry keys confirm"');
  }
  await store.organizations.settleCanon(config.scopes.canonical, now());
  const { defaultTtlDays, staleAfterDays, maxPerOrganization, brand, environment } = config.keys;
  const catalogue = createCatalogue(config.scopes.catalogue);
  const format = createKeyFormat(brand + environment);
  const mintRules = { format, catalogue, defaultTtlDays, staleAfterDays, maxPerOrganization };
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
  const refusals = createRefusalLimit(now);
  const metrics = createMetrics();
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
    },
    callTool,
    mcp: mcpDeps(parts, callTool),
    slot: { trail: store.audit, refusals, now, observe: observer(metrics, keyUses, parts.log) },
    metrics,
    refusals,
  };
}

function mcpDeps({ version, config, log }: Parts, callTool: CallToolDeps): McpServerDeps & GateRules {
  return {
    version,
    tools: callTool.tools,
    descriptors: createToolDescriptors(callTool.tools),
    callTool,
    denial: config.scopes.denial,
    report: (err, requestId) => log.error({ err, requestId }, 'a tool failed'),
  };
}

/** Each request counts in the metrics, as a use of its key and, at level `debug`, is a line of the log. */
function observer(metrics: Metrics, keyUses: KeyUses, log: Log): SlotDeps['observe'] {
  return (row) => {
    metrics.observe(row);
    // A refused credential has a key id, but no tier: it is no use of the key.
    if (row.keyId !== null && row.tier === 'organization-key') keyUses.note(row.keyId, row.clientName);
    if (log.isLevelEnabled('debug')) log.debug({ requestId: row.requestId }, auditLine(row));
  };
}
