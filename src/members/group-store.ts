import type { AuditRow } from '../audit/audit-event.ts';
import type { GroupId, OrganizationId, UserId } from '../ids.ts';
import type { Permission, PermissionGroup } from './member.ts';
import type { Asker, MemberPage } from './member-store.ts';

export type NewGroup = Omit<PermissionGroup, 'organizationId' | 'members'>;

/** What may be changed on a group; what is absent stays. */
export type GroupChange = {
  readonly name?: string | undefined;
  readonly permissions?: readonly Permission[] | undefined;
};

type GroupRow = (group: PermissionGroup) => AuditRow;

/** Permission groups at rest, under the promises of the member store; undefined stands for an unknown group. */
export type GroupStore = {
  /** @throws VALIDATION_ERROR for a name that is taken, NOT_FOUND for an organisation that is deleted or unknown */
  create(
    organizationId: OrganizationId,
    group: NewGroup,
    by: Asker,
    auditRow: GroupRow,
  ): Promise<PermissionGroup>;
  get(organizationId: OrganizationId, groupId: GroupId): Promise<PermissionGroup | undefined>;
  /** Newest first. */
  list(organizationId: OrganizationId, page: MemberPage): Promise<readonly PermissionGroup[]>;
  /** `decide` is pure and answers null to leave the group as it is, unaudited. */
  change(
    organizationId: OrganizationId,
    groupId: GroupId,
    by: Asker,
    decide: (group: PermissionGroup) => GroupChange | null,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
  /** Answers the group as it was. */
  delete(
    organizationId: OrganizationId,
    groupId: GroupId,
    by: Asker,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
  /** Undefined too for a person who is no member; one who is in the group already changes nothing. */
  addMember(
    organizationId: OrganizationId,
    groupId: GroupId,
    userId: UserId,
    by: Asker,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
  /** Undefined too for a person who is not in the group. */
  removeMember(
    organizationId: OrganizationId,
    groupId: GroupId,
    userId: UserId,
    by: Asker,
    auditRow: GroupRow,
  ): Promise<PermissionGroup | undefined>;
};
