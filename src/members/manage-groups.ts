import { newGroupId, type OrganizationId, parseGroupId, parseUserId } from '../ids.ts';
import type { GroupChange } from './group-store.ts';
import { type Author, audited, type ManageDeps, orNotFound } from './manage-members.ts';
import type { PermissionGroup } from './member.ts';
import type { MemberPage } from './member-store.ts';

/** The permission groups of one organisation; a foreign one is as unknown as one that does not exist. */
export type Groups = {
  list(page: MemberPage): Promise<readonly PermissionGroup[]>;
  get(groupId: string): Promise<PermissionGroup>;
  create(request: Pick<PermissionGroup, 'name' | 'permissions'>): Promise<PermissionGroup>;
  /** `decide` sees the group as it is inside the transaction. */
  change(groupId: string, decide: (group: PermissionGroup) => GroupChange): Promise<PermissionGroup>;
  delete(groupId: string): Promise<PermissionGroup>;
  addMember(groupId: string, userId: string): Promise<PermissionGroup>;
  removeMember(groupId: string, userId: string): Promise<PermissionGroup>;
};

/** Every method throws NOT_FOUND for an unknown group or person. */
export function manageGroups(
  organizationId: OrganizationId,
  author: Author,
  { members: { groups }, now }: ManageDeps,
): Groups {
  return {
    list: (page) => groups.list(organizationId, page),
    get: async (groupId) => found(await groups.get(organizationId, requireGroupId(groupId))),
    create: ({ name, permissions }) =>
      audited(author, (row) => {
        const nowMs = now();
        const group = { id: newGroupId(nowMs), name, permissions: distinct(permissions), createdAtMs: nowMs };
        return groups.create(organizationId, group, author, (made) =>
          row({ created_group: made.id, name: made.name, permissions: made.permissions }),
        );
      }),
    change: (groupId, decide) =>
      audited(author, async (row) => {
        const changed = await groups.change(
          organizationId,
          requireGroupId(groupId),
          author,
          (group) => difference(group, decide(group)),
          ({ id, name, permissions }) => row({ changed_group: id, name, permissions }),
        );
        return found(changed);
      }),
    delete: (groupId) =>
      audited(author, async (row) => {
        const id = requireGroupId(groupId);
        return found(await groups.delete(organizationId, id, author, () => row({ deleted_group: id })));
      }),
    addMember: (groupId, userId) =>
      audited(author, async (row) => {
        const [group, user] = [inGroup(parseGroupId(groupId)), inGroup(parseUserId(userId))];
        const joined = () => row({ joined_group: group, user_id: user });
        return inGroup(await groups.addMember(organizationId, group, user, author, joined));
      }),
    removeMember: (groupId, userId) =>
      audited(author, async (row) => {
        const [group, user] = [inGroup(parseGroupId(groupId)), inGroup(parseUserId(userId))];
        const left = () => row({ left_group: group, user_id: user });
        return inGroup(await groups.removeMember(organizationId, group, user, author, left));
      }),
  };
}

/** Permissions are a set: their order and a second mention change nothing. */
function difference(group: PermissionGroup, change: GroupChange): GroupChange | null {
  const name = change.name ?? group.name;
  const permissions = distinct(change.permissions ?? group.permissions);
  const held = new Set(group.permissions);
  const isSameSet = held.size === permissions.length && permissions.every((each) => held.has(each));
  if (name === group.name && isSameSet) return null;
  return { name, permissions: isSameSet ? group.permissions : permissions };
}

const distinct = <T>(values: readonly T[]): readonly T[] => [...new Set(values)];

const found = <T>(value: T | undefined): T => orNotFound(value, 'The organisation has no such group.');
const inGroup = <T>(value: T | undefined): T =>
  orNotFound(value, 'The organisation has no such group, or no such member for it.');

const requireGroupId = (text: string) => found(parseGroupId(text));
