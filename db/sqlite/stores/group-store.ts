import type Database from 'better-sqlite3';
import { AppError } from '../../../src/errors.ts';
import type { OrganizationId } from '../../../src/ids.ts';
import type { GroupStore } from '../../../src/members/group-store.ts';
import type { PermissionGroup } from '../../../src/members/member.ts';
import type { Connections } from '../connection/connections.ts';
import { and, desc, drizzle, eq, lt, ne } from '../connection/drizzle.ts';
import { storeCall } from '../connection/store-call.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import { askedTransaction } from '../rows/asked-transaction.ts';
import type { AppendToChain } from '../rows/audit-chain.ts';
import { requireExistingOrganization } from '../rows/existing-organization.ts';
import {
  assertGroupId,
  assertUserId,
  groupColumns,
  groupOf,
  groupsOf,
  readGroup,
  readMember,
} from '../rows/member-rows.ts';
import { groupMembers, permissionGroups } from '../schema/member-schema.ts';

export function createGroupStore({ control, listing }: Connections, append: AppendToChain): GroupStore {
  const db = drizzle(control);

  return {
    create: async (organizationId, { id, name, permissions, createdAtMs }, by, auditRow) =>
      askedTransaction(control, { organizationId }, by, () => {
        requireExistingOrganization(control, organizationId);
        const made = { id: assertGroupId(id), organizationId, name, permissions, createdAtMs };
        requireFreeName(control, made);
        db.insert(permissionGroups).values(made).run();
        const group = { ...made, members: [] };
        append([auditRow(group)]);
        return group;
      }),
    get: (organizationId, groupId) => storeCall(listing, () => readGroup(listing, organizationId, groupId)),
    list: async (organizationId, { limit, beforeId }) =>
      storeCall(listing, () => {
        const after = beforeId === undefined ? undefined : lt(permissionGroups.id, assertGroupId(beforeId));
        return drizzle(listing)
          .select(groupColumns)
          .from(permissionGroups)
          .where(and(groupsOf(organizationId), after))
          .orderBy(desc(permissionGroups.id))
          .limit(limit)
          .all();
      }),
    change: (address, by, decide, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, groupId } = address;
        const current = readGroup(control, organizationId, groupId);
        const change = current === undefined ? null : decide(current);
        if (current === undefined || change === null) return current;
        const { name = current.name, permissions = current.permissions } = change;
        const changed = { ...current, name, permissions };
        requireFreeName(control, changed);
        db.update(permissionGroups).set({ name, permissions }).where(groupOf(organizationId, groupId)).run();
        append([auditRow(changed)]);
        return changed;
      }),
    delete: (address, by, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, groupId } = address;
        const group = readGroup(control, organizationId, groupId);
        if (group === undefined) return undefined;
        db.delete(permissionGroups).where(groupOf(organizationId, groupId)).run();
        append([auditRow(group)]);
        return group;
      }),
    addMember: (address, userId, by, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, groupId } = address;
        const group = readGroup(control, organizationId, groupId);
        const member = readMember(control, organizationId, userId);
        if (group === undefined || member === undefined) return undefined;
        if (group.members.includes(member.userId)) return group;
        db.insert(groupMembers).values({ organizationId, groupId: group.id, userId: member.userId }).run();
        const changed = { ...group, members: [...group.members, member.userId].sort() };
        append([auditRow(changed)]);
        return changed;
      }),
    removeMember: (address, userId, by, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, groupId } = address;
        const group = readGroup(control, organizationId, groupId);
        const leaving = assertUserId(userId);
        if (group === undefined || !group.members.includes(leaving)) return undefined;
        db.delete(groupMembers)
          .where(
            and(
              eq(groupMembers.organizationId, assertOrganizationId(organizationId)),
              eq(groupMembers.groupId, group.id),
              eq(groupMembers.userId, leaving),
            ),
          )
          .run();
        const changed = { ...group, members: group.members.filter((id) => id !== leaving) };
        append([auditRow(changed)]);
        return changed;
      }),
  };
}

type Named = Pick<PermissionGroup, 'id' | 'name'> & { readonly organizationId: OrganizationId };

/** Checks the name inside the transaction, for a readable error. A unique index enforces it. */
function requireFreeName(control: Database.Database, { id, organizationId, name }: Named): void {
  const holder = drizzle(control)
    .select({ id: permissionGroups.id })
    .from(permissionGroups)
    .where(and(groupsOf(organizationId), eq(permissionGroups.name, name), ne(permissionGroups.id, id)))
    .get();
  if (holder === undefined) return;
  throw new AppError('VALIDATION_ERROR', { message: 'name: the organisation has a group of this name' });
}
