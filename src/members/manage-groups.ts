import { newGroupId, type OrganizationId, parseGroupId, parseUserId } from '../ids.ts';
import { requirePlainTexts } from '../secrets/plain-text.ts';
import type { GroupChange } from './group-store.ts';
import { type ManageDeps, type MemberAccess, orNotFound } from './manage-members.ts';
import type { MemberPage, PermissionGroup } from './member.ts';

/** The permission groups of one organisation. A foreign group is answered like one that does not exist. */
export type Groups = {
  list(page: MemberPage): Promise<readonly PermissionGroup[]>;
  get(groupId: string): Promise<PermissionGroup>;
  create(request: Pick<PermissionGroup, 'name' | 'permissions'>): Promise<PermissionGroup>;
  /** `decide` gets the group as it is inside the transaction. */
  change(groupId: string, decide: (group: PermissionGroup) => GroupChange): Promise<PermissionGroup>;
  delete(groupId: string): Promise<PermissionGroup>;
  addMember(groupId: string, userId: string): Promise<PermissionGroup>;
  removeMember(groupId: string, userId: string): Promise<PermissionGroup>;
};

/** Every method that takes an id throws NOT_FOUND for an unknown group or person. */
export function manageGroups(
  organizationId: OrganizationId,
  access: MemberAccess,
  { members: { groups }, now }: ManageDeps,
): Groups {
  const { mutate } = access;
  const changeMember = async (
    change: 'addMember' | 'removeMember',
    noted: 'joined_group' | 'left_group',
    groupId: string,
    userId: string,
  ): Promise<PermissionGroup> => {
    const [group, user] = [inGroup(parseGroupId(groupId)), inGroup(parseUserId(userId))];
    const changed = await mutate((row) =>
      groups[change]({ organizationId, groupId: group }, user, access, () =>
        row({ [noted]: group, user_id: user }),
      ),
    );
    return inGroup(changed);
  };
  return {
    list: (page) => groups.list(organizationId, page),
    get: async (groupId) => found(await groups.get(organizationId, requireGroupId(groupId))),
    async create({ name, permissions }) {
      requirePlainTexts({ name, permissions: permissions.join(' ') });
      const nowMs = now();
      const group = { id: newGroupId(nowMs), name, permissions: distinct(permissions), createdAtMs: nowMs };
      return mutate((row) =>
        groups.create(organizationId, group, access, (made) =>
          row({ created_group: made.id, name: made.name, permissions: made.permissions }),
        ),
      );
    },
    async change(groupId, decide) {
      const id = requireGroupId(groupId);
      const changed = await mutate((row) =>
        groups.change(
          { organizationId, groupId: id },
          access,
          (group) => difference(group, decide(group)),
          ({ name, permissions }) => row({ changed_group: id, name, permissions }),
        ),
      );
      return found(changed);
    },
    async delete(groupId) {
      const id = requireGroupId(groupId);
      return found(
        await mutate((row) =>
          groups.delete({ organizationId, groupId: id }, access, () => row({ deleted_group: id })),
        ),
      );
    },
    addMember: (groupId, userId) => changeMember('addMember', 'joined_group', groupId, userId),
    removeMember: (groupId, userId) => changeMember('removeMember', 'left_group', groupId, userId),
  };
}

/** The change to make; null when nothing differs. Permissions are compared as a set. */
function difference(group: PermissionGroup, change: GroupChange): GroupChange | null {
  requirePlainTexts({ name: change.name, permissions: change.permissions?.join(' ') });
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
