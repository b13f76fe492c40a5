import type { AuditRow } from '../audit/audit-event.ts';
import type { OrganizationId, UserId } from '../ids.ts';
import type { ActorKey } from '../keys/key-store.ts';
import type { Actor } from './actor.ts';
import type { GroupStore } from './group-store.ts';
import type { Member, MemberPage, MemberRole, Permission } from './member.ts';

export type NewMember = Omit<Member, 'organizationId'>;

/** Fields of a membership to change; absent ones stay. */
export type MemberChange = {
  readonly role?: MemberRole | undefined;
  readonly active?: boolean | undefined;
};

/** One person as a member of one organisation. */
export type MemberAddress = { readonly organizationId: OrganizationId; readonly userId: UserId };

/** A person's current role, activity and permissions in one organisation. Permissions are those of all groups. */
export type Membership = {
  readonly role: MemberRole;
  readonly active: boolean;
  readonly permissions: readonly Permission[];
};

/** `organizations` are those where the person was a member or owned a deleted key. */
export type DeletedUser = { readonly member: Member; readonly organizations: readonly OrganizationId[] };

/**
 * The port for people. Each method is one atomic operation within the given organisation; a change and its audit row
 * commit together. Undefined means a person who is not a member there.
 */
export type MemberStore = {
  readonly groups: GroupStore;
  /**
   * Adds a person.
   *
   * @throws VALIDATION_ERROR for an existing member
   * @throws NOT_FOUND for an unknown or deleted organisation
   */
  add(
    organizationId: OrganizationId,
    person: NewMember,
    by: Actor,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member>;
  get(organizationId: OrganizationId, userId: UserId): Promise<Member | undefined>;
  list(organizationId: OrganizationId, page: MemberPage): Promise<readonly Member[]>;
  /**
   * Changes a membership. `decide` is pure and gets the calling key as well; when it returns null, nothing is changed
   * or audited.
   */
  change(
    address: MemberAddress,
    by: Actor,
    decide: (member: Member, actorKey: ActorKey | null) => MemberChange | null,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member | undefined>;
  /** Ends the membership and leaves every group. Returns the member as it was. */
  remove(
    address: MemberAddress,
    by: Actor,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member | undefined>;
  /** Deletes a member of this organisation everywhere. Each affected organisation gets an audit row. */
  deleteUser(
    address: MemberAddress,
    nowMs: number,
    by: Actor,
    auditRow: (organizationId: OrganizationId) => AuditRow,
  ): Promise<DeletedUser | undefined>;
  /** Read from the store on every call. Inactive people are included. */
  permissionsOf(organizationId: OrganizationId, userId: UserId): Promise<Membership | undefined>;
};
