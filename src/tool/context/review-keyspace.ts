import type { AuditTrail } from '../audit/audit-trail.ts';
import type { KeyId } from '../ids.ts';
import { readAllKeys } from '../keys/all-keys.ts';
import { DAY_MS, type Keyspace, keyStatus } from '../keys/key-record.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { MintRules } from '../keys/mint.ts';
import { type Finding, reviewKeys } from '../keys/review.ts';
import type { OrganizationStore } from '../provisioning/organization-store.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { Registry } from './registry.ts';

export type ReviewDeps = {
  readonly keys: KeyStore;
  readonly organizations: OrganizationStore;
  readonly audit: AuditTrail;
  readonly tools: Registry;
  readonly mintRules: MintRules;
  readonly now: () => number;
};

export type ReviewRequest = { readonly unusedDays: number; readonly isActive: boolean };

/** The keys of one keyspace, judged by what they really did in the last `unusedDays` days. */
export async function reviewKeyspace(
  keyspace: Keyspace,
  { unusedDays, isActive }: ReviewRequest,
  deps: ReviewDeps,
): Promise<readonly Finding[]> {
  const nowMs = deps.now();
  const { staleAfterDays, defaultTtlDays } = deps.mintRules;
  const keys = await readAllKeys(deps.keys, keyspace, {
    nowMs,
    staleAfterMs: staleAfterDays * DAY_MS,
  });
  const { uses, completeSinceMs } = await deps.audit.listToolUses(keyspace, nowMs - unusedDays * DAY_MS);
  return reviewKeys({
    keyspace,
    isActive,
    keys: keys.map((key) => ({ ...key, status: keyStatus(key, nowMs, staleAfterDays) })),
    canon: await deps.organizations.canon(),
    usedScopes: scopesOf(uses, deps.tools),
    evidenceSinceMs: completeSinceMs,
    unusedDays,
    staleAfterDays,
    defaultTtlDays,
    nowMs,
  });
}

/** A tool that is no longer there exercised a scope that nobody can name any more. */
function scopesOf(
  uses: readonly { readonly keyId: KeyId; readonly tool: string }[],
  tools: Registry,
): ReadonlyMap<KeyId, ReadonlySet<Scope>> {
  const scopeOf = new Map(tools.all.map(({ name, scope }) => [name, scope]));
  const used = new Map<KeyId, Set<Scope>>();
  for (const { keyId, tool } of uses) {
    const scope = scopeOf.get(tool);
    if (scope === undefined || scope === 'any') continue;
    const scopes = used.get(keyId) ?? new Set();
    used.set(keyId, scopes.add(scope));
  }
  return used;
}
