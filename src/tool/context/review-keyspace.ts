import type { AuditTrail } from '../../audit/audit-trail.ts';
import type { KeyId } from '../../ids.ts';
import { readAllKeys } from '../../keys/all-keys.ts';
import { DAY_MS, type Keyspace, keyStatus } from '../../keys/key-record.ts';
import type { KeyStore } from '../../keys/key-store.ts';
import type { MintRules } from '../../keys/policy/mint.ts';
import type { Finding } from '../../keys/review/finding.ts';
import { reviewKeys } from '../../keys/review/review.ts';
import type { OrganizationStore } from '../../provisioning/organization-store.ts';
import type { Scope } from '../../scopes/scopes.ts';

/** The scope of each tool by its name. */
type Scoped = { readonly all: readonly { readonly name: string; readonly scope: Scope | 'any' }[] };

export type ReviewDeps = {
  readonly keys: KeyStore;
  readonly organizations: OrganizationStore;
  readonly audit: AuditTrail;
  readonly tools: Scoped;
  readonly mintRules: MintRules;
  readonly now: () => number;
};

type ReviewRequest = { readonly unusedDays: number; readonly isActive: boolean };

/** The keys of one keyspace, reviewed by their real use in the last `unusedDays` days. */
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
  tools: Scoped,
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
