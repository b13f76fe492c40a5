import type { AuditSlot } from '../../audit/audit-slot.ts';
import { requireLiveActor } from '../../keys/policy/require-actor.ts';
import { type Groups, manageGroups } from '../../members/manage-groups.ts';
import {
  type ManageDeps,
  type MemberAccess,
  type Members,
  manageMembers,
} from '../../members/manage-members.ts';
import type { TenantPrincipal } from '../../principal.ts';

/** The organisation's people and groups as the caller may manage them. */
export type BoundMembers = Members & { readonly groups: Groups };

export function bindMembers(deps: ManageDeps, principal: TenantPrincipal, slot: AuditSlot): BoundMembers {
  const access: MemberAccess = {
    keyId: principal.key?.id ?? null,
    allow: (key) => requireLiveActor(principal, key, deps.now()),
    mutate: slot.mutate,
  };
  const organizationId = principal.organization.id;
  return {
    ...manageMembers(organizationId, access, deps),
    groups: manageGroups(organizationId, access, deps),
  };
}
