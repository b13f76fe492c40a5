import type { AuditRow } from '../audit/audit-event.ts';
import type { KeyId, OrganizationId, UserId } from '../ids.ts';
import type { ActingKey } from '../keys/key-store.ts';
import type { GroupStore } from './group-store.ts';
import type { Member, MemberRole, Permission } from './member.ts';

/** Who asks for a change: a key of the organisation, or the operator, who is null. */
export type Asker = {
  readonly keyId: KeyId | null;
  /** Runs first inside the transaction, given the key as it is now; throws an AppError to refuse. */
  readonly allow: (key: ActingKey | null) => void;
};

/** A person to add. */
export type NewMember = Omit<Member, 'organizationId'>;

/** What may be changed on a membership; what is absent stays. */
export type MemberChange = {
  readonly role?: MemberRole | undefined;
  readonly active?: boolean | undefined;
};

/** By person, newest first; `beforeId` is where the previous page ended. */
export type MemberPage = { readonly limit: number; readonly beforeId?: string | undefined };

/** What a person is and holds in one organisation at this moment, through all of their groups. */
export type Standing = {
  readonly role: MemberRole;
  readonly active: boolean;
  readonly permissions: readonly Permission[];
};

/** `organizations`: where the person was a member, or owned a key that went with them. */
export type DeletedUser = { readonly member: Member; readonly organizations: readonly OrganizationId[] };

/**
 * People at rest. A method is one atomic operation bound to the organisation given; a mutation and its audit
 * row commit together. Undefined stands for a person who is no member there, whoever else knows them.
 */
export type MemberStore = {
  readonly groups: GroupStore;
  /** @throws VALIDATION_ERROR for a member, NOT_FOUND for an organisation that is deleted or unknown */
  add(
    organizationId: OrganizationId,
    person: NewMember,
    by: Asker,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member>;
  get(organizationId: OrganizationId, userId: UserId): Promise<Member | undefined>;
  list(organizationId: OrganizationId, page: MemberPage): Promise<readonly Member[]>;
  /** `decide` is pure and answers null to leave the member as they are, unaudited. */
  change(
    organizationId: OrganizationId,
    userId: UserId,
    by: Asker,
    decide: (member: Member) => MemberChange | null,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member | undefined>;
  /** Ends the membership and with it every group's; answers the member as they were. */
  remove(
    organizationId: OrganizationId,
    userId: UserId,
    by: Asker,
    auditRow: (member: Member) => AuditRow,
  ): Promise<Member | undefined>;
  /** Ends the person, a member of this organisation, everywhere; each organisation concerned gets a row. */
  deleteUser(
    organizationId: OrganizationId,
    userId: UserId,
    nowMs: number,
    by: Asker,
    auditRow: (organizationId: OrganizationId) => AuditRow,
  ): Promise<DeletedUser | undefined>;
  /** Read from the store on every call, whatever the person's activity. */
  permissionsOf(organizationId: OrganizationId, userId: UserId): Promise<Standing | undefined>;
};
