import type { AuditRow } from '../audit/audit-event.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import type { Actor } from './actor.ts';
import type { MemberPage, Permission, PermissionGroup } from './member.ts';

export type NewGroup = Omit<PermissionGroup, 'organizationId' | 'members'>;

/** Fields of a group to change; absent ones stay. */
export type GroupChange = {
  readonly name?: string | undefined;
  readonly permissions?: readonly Permission[] | undefined;
};

/** One group of one organisation. */
export type GroupAddress = { readonly organizationId: OrganizationId; readonly groupId: GroupId };

type GroupRow = (group: PermissionGroup) => AuditRow;

/** The port for permission groups, with the same guarantees as the member store. Undefined means an unknown group. */
export type GroupStore = {
  /**
   * Creates a group.
   *
   * @throws VALIDATION_ERROR for a name that is taken
   * @throws NOT_FOUND for an unknown or deleted organisation
   */
  create(
    organizationId: OrganizationId,
    group: NewGroup,
    by: Actor,
    auditRow: GroupRow,
  ): Promise<PermissionGroup>;
  get(organizationId: OrganizationId, groupId: GroupId): Promise<PermissionGroup | undefined>;
  /** Newest first. */
  list(organizationId: OrganizationId, page: MemberPage): Promise<readonly PermissionGroup[]>;
  /** Changes a group. `decide` is pure; when it returns null, nothing is changed or audited. */
  change(
    address: GroupAddress,
    by: Actor,
    decide: (group: PermissionGroup) => GroupChange | null,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
  /** Returns the group as it was. */
  delete(address: GroupAddress, by: Actor, auditRow: GroupRow): Promise<PermissionGroup | undefined>;
  /** Also undefined for a person who is not a member. Adding a person twice changes nothing. */
  addMember(
    address: GroupAddress,
    userId: UserId,
    by: Actor,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
  /** Also undefined for a person who is not in the group. */
  removeMember(
    address: GroupAddress,
    userId: UserId,
    by: Actor,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
};
