import type { GroupId, OrganizationId, UserId } from '../ids.ts';

/** What a group grants, in the platform's own words; the permission map turns it into scopes. */
export type Permission = string;

export const memberRoles = ['admin', 'member'] as const;
/** `admin` holds every permission, and the built-in scopes too. */
export type MemberRole = (typeof memberRoles)[number];

/** A person as a member of one organisation. Times are milliseconds since 1970. */
export type Member = {
  readonly userId: UserId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly email: string | null;
  readonly role: MemberRole;
  readonly active: boolean;
  readonly createdAtMs: number;
};

/** A set of permissions that its members hold. */
export type PermissionGroup = {
  readonly id: GroupId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly members: readonly UserId[];
  readonly createdAtMs: number;
};
