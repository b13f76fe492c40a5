import type { AuditSlot } from '../../audit/audit-slot.ts';
import { type ManagedKeys, type ManageKeysDeps, manageKeys } from '../../keys/manage-keys.ts';
import { isWithin, reachOf } from '../../keys/policy/key-reach.ts';
import type { Remedy } from '../../keys/review/remedy.ts';
import type { WordedFinding } from '../../keys/review/review-wire.ts';
import type { TenantPrincipal } from '../../principal.ts';
import type { OrganizationStore } from '../../provisioning/organization-store.ts';
import type { CanonicalSet, Scope } from '../../scopes/scopes.ts';
import { type ReviewDeps, reviewKeyspace } from './review-keyspace.ts';

/** The organisation's keys as the caller may manage them. */
export type BoundKeys = ManagedKeys & {
  review(unusedDays: number): Promise<readonly WordedFinding[]>;
  scopes(): Promise<{ readonly catalogue: readonly Scope[]; readonly canon: CanonicalSet }>;
};

export type KeysDeps = ManageKeysDeps &
  ReviewDeps & {
    readonly organizations: OrganizationStore;
    /** The words of the command line, whose layer stands above this one. */
    readonly renderCommand: (remedy: Remedy) => string;
  };

export function bindKeys(deps: KeysDeps, principal: TenantPrincipal, slot: AuditSlot): BoundKeys {
  const organizationId = principal.organization.id;
  const reach = reachOf(principal);
  const access = {
    principal,
    reach,
    mutate: slot.mutate,
  };
  return {
    ...manageKeys(organizationId, access, deps),
    // A caller's organisation is always active.
    async review(unusedDays) {
      const findings = await reviewKeyspace(organizationId, { unusedDays, isActive: true }, deps);
      // Findings about the whole organisation are for those who manage all of its keys.
      const shown =
        reach === 'all' ? findings : findings.filter(({ key }) => key !== null && isWithin(key, reach));
      return shown.map((finding) => ({ ...finding, command: deps.renderCommand(finding) }));
    },
    async scopes() {
      return { catalogue: deps.mintRules.catalogue.scopes, canon: await deps.organizations.canon() };
    },
  };
}
