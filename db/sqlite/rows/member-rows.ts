import type Database from 'better-sqlite3';
import {
  type GroupId,
  type OrganizationId,
  parseGroupId,
  parseUserId,
  type UserId,
} from '../../../src/ids.ts';
import type { Member, PermissionGroup } from '../../../src/members/member.ts';
import { and, drizzle, eq, sql } from '../connection/drizzle.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import { memberships, permissionGroups, users } from '../schema/member-schema.ts';

export function assertUserId(value: unknown): UserId {
  const id = parseUserId(value);
  if (id === undefined) throw new Error('user missing: expected the id of a user');
  return id;
}

export function assertGroupId(value: unknown): GroupId {
  const id = parseGroupId(value);
  if (id === undefined) throw new Error('group missing: expected the id of a group');
  return id;
}

export const memberColumns = {
  userId: memberships.userId,
  organizationId: memberships.organizationId,
  name: users.name,
  email: users.email,
  role: memberships.role,
  active: memberships.active,
  createdAtMs: memberships.createdAtMs,
};

export const membersOf = (organizationId: unknown) =>
  eq(memberships.organizationId, assertOrganizationId(organizationId));

export const memberOf = (organizationId: unknown, userId: unknown) =>
  and(membersOf(organizationId), eq(memberships.userId, assertUserId(userId)));

export function readMember(
  database: Database.Database,
  organizationId: OrganizationId,
  userId: UserId,
): Member | undefined {
  return drizzle(database)
    .select(memberColumns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(memberOf(organizationId, userId))
    .get();
}

/**
 * One statement, so that a group and its members are read at the same instant. Raw SQL, because drizzle would omit the
 * table names.
 */
export const groupColumns = {
  id: permissionGroups.id,
  organizationId: permissionGroups.organizationId,
  name: permissionGroups.name,
  permissions: permissionGroups.permissions,
  members: sql<readonly UserId[]>`(
    SELECT json_group_array(joined.user_id ORDER BY joined.user_id) FROM group_members AS joined
    WHERE joined.organization_id = permission_groups.organization_id
      AND joined.group_id = permission_groups.id
  )`.mapWith((text: string) => JSON.parse(text)),
  createdAtMs: permissionGroups.createdAtMs,
};

export const groupsOf = (organizationId: unknown) =>
  eq(permissionGroups.organizationId, assertOrganizationId(organizationId));

export const groupOf = (organizationId: unknown, groupId: unknown) =>
  and(groupsOf(organizationId), eq(permissionGroups.id, assertGroupId(groupId)));

export function readGroup(
  database: Database.Database,
  organizationId: OrganizationId,
  groupId: GroupId,
): PermissionGroup | undefined {
  return drizzle(database)
    .select(groupColumns)
    .from(permissionGroups)
    .where(groupOf(organizationId, groupId))
    .get();
}
