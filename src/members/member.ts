import type { GroupId, OrganizationId, UserId } from '../ids.ts';

/** A permission of a group, in the platform's terms. The permission map turns it into scopes. */
export type Permission = string;

export const memberRoles = ['admin', 'member'] as const;
/** An `admin` has every permission, and the built-in scopes. */
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

/** A named set of permissions for its members. */
export type PermissionGroup = {
  readonly id: GroupId;
  readonly organizationId: OrganizationId;
  readonly name: string;
  readonly permissions: readonly Permission[];
  readonly members: readonly UserId[];
  readonly createdAtMs: number;
};

/** Newest first. `beforeId` is the last id of the previous page. */
export type MemberPage = { readonly limit: number; readonly beforeId?: string | undefined };
