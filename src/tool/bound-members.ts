import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { minterOf, requireLiveActor } from '../keys/mint.ts';
import { type Groups, manageGroups } from '../members/manage-groups.ts';
import { type Author, type ManageDeps, type Members, manageMembers } from '../members/manage-members.ts';

/** The organisation's people and groups as the caller may manage them. */
export type BoundMembers = Members & { readonly groups: Groups };

export function bindMembers(deps: ManageDeps, caller: Caller, slot: AuditSlot): BoundMembers {
  const minter = minterOf(caller);
  const author: Author = {
    keyId: caller.key?.id ?? null,
    allow: (key) => requireLiveActor(minter, key, deps.now()),
    row: slot.successRow,
    committed: slot.settled,
  };
  const organizationId = caller.organization.id;
  return {
    ...manageMembers(organizationId, author, deps),
    groups: manageGroups(organizationId, author, deps),
  };
}
