import type { GroupId, OrganizationId, UserId } from '../../../src/ids.ts';
import type { MemberRole, Permission } from '../../../src/members/member.ts';
import {
  foreignKey,
  index,
  integer,
  primaryKey,
  sqliteTable,
  text,
  uniqueIndex,
} from '../connection/drizzle.ts';
import { organizations } from './schema.ts';

/**
 * A person within one organisation. Persons are not shared, so an address reveals nothing about other organisations.
 */
export const users = sqliteTable('users', {
  id: text('id').$type<UserId>().primaryKey(),
  name: text('name').notNull(),
  email: text('email'),
  createdAtMs: integer('created_at').notNull(),
  deletedAtMs: integer('deleted_at'),
});

export const memberships = sqliteTable(
  'memberships',
  {
    organizationId: text('organization_id')
      .$type<OrganizationId>()
      .notNull()
      .references(() => organizations.id),
    userId: text('user_id')
      .$type<UserId>()
      .notNull()
      .references(() => users.id),
    role: text('role').$type<MemberRole>().notNull(),
    active: integer('active', { mode: 'boolean' }).notNull(),
    createdAtMs: integer('created_at').notNull(),
  },
  (row) => [primaryKey({ columns: [row.organizationId, row.userId] })],
);

export const permissionGroups = sqliteTable(
  'permission_groups',
  {
    id: text('id').$type<GroupId>().primaryKey(),
    organizationId: text('organization_id')
      .$type<OrganizationId>()
      .notNull()
      .references(() => organizations.id),
    name: text('name').notNull(),
    permissions: text('permissions', { mode: 'json' }).$type<readonly Permission[]>().notNull(),
    createdAtMs: integer('created_at').notNull(),
  },
  // `groups_of_organization` is the target of a foreign key: no group can hold a member of another organisation.
  (row) => [
    uniqueIndex('groups_by_name').on(row.organizationId, row.name),
    uniqueIndex('groups_of_organization').on(row.organizationId, row.id),
  ],
);

export const groupMembers = sqliteTable(
  'group_members',
  {
    organizationId: text('organization_id').$type<OrganizationId>().notNull(),
    groupId: text('group_id').$type<GroupId>().notNull(),
    userId: text('user_id').$type<UserId>().notNull(),
  },
  (row) => [
    primaryKey({ columns: [row.organizationId, row.groupId, row.userId] }),
    index('groups_by_member').on(row.organizationId, row.userId),
    foreignKey({
      columns: [row.organizationId, row.groupId],
      foreignColumns: [permissionGroups.organizationId, permissionGroups.id],
    }).onDelete('cascade'),
    foreignKey({
      columns: [row.organizationId, row.userId],
      foreignColumns: [memberships.organizationId, memberships.userId],
    }).onDelete('cascade'),
  ],
);
