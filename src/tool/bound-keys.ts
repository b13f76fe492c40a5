import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { type ManagedKeys, type ManageKeysDeps, manageKeys } from '../keys/manage-keys.ts';
import { minterOf } from '../keys/mint.ts';
import type { Finding } from '../keys/review.ts';
import type { OrganizationStore } from '../provisioning/organization-store.ts';
import type { CanonicalSet, Scope } from '../scopes/scopes.ts';
import { type ReviewDeps, reviewKeyspace } from './review-keyspace.ts';

/** The organisation's keys as the caller may manage them. */
export type BoundKeys = ManagedKeys & {
  review(unusedDays: number): Promise<readonly Finding[]>;
  scopes(): Promise<{ readonly catalogue: readonly Scope[]; readonly canon: CanonicalSet }>;
};

export type KeysDeps = ManageKeysDeps & ReviewDeps & { readonly organizations: OrganizationStore };

export function bindKeys(deps: KeysDeps, caller: Caller, slot: AuditSlot): BoundKeys {
  const organizationId = caller.organization.id;
  const author = {
    minter: minterOf(caller),
    onlyOf: caller.isAdmin ? null : caller.userId,
    row: slot.successRow,
    committed: slot.settled,
  };
  return {
    ...manageKeys(organizationId, author, deps),
    // A caller is never of an organisation that is not active.
    review: (unusedDays) => reviewKeyspace(organizationId, { unusedDays, isActive: true }, deps),
    async scopes() {
      return { catalogue: deps.mintRules.catalogue.scopes, canon: await deps.organizations.canon() };
    },
  };
}
