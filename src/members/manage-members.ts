import type { Mutate } from '../audit/mutate.ts';
import { AppError } from '../errors.ts';
import { newUserId, type OrganizationId, parseUserId, type UserId } from '../ids.ts';
import { requirePlainTexts } from '../secrets/plain-text.ts';
import type { Actor } from './actor.ts';
import { makesAdmin, requireMayMakeAdmin } from './admin-role.ts';
import type { Member, MemberPage, MemberRole } from './member.ts';
import type { DeletedUser, MemberChange, MemberStore } from './member-store.ts';

/** Who makes a change, and how it is audited: in a request's audit slot, or in a row of the operator. */
export type MemberAccess = Actor & {
  readonly mutate: Mutate;
};

type AddRequest = Pick<Member, 'name' | 'email' | 'role'>;

export type ManageDeps = { readonly members: MemberStore; readonly now: () => number };

/** The people of one organisation. A person of another one is answered like one who does not exist. */
export type Members = {
  list(page: MemberPage): Promise<readonly Member[]>;
  get(userId: string): Promise<Member>;
  add(request: AddRequest): Promise<Member>;
  change(userId: string, change: MemberChange): Promise<Member>;
  remove(userId: string): Promise<Member>;
};

/** Every method that takes an id throws NOT_FOUND for a person who is not a member. */
export function manageMembers(
  organizationId: OrganizationId,
  access: MemberAccess,
  { members, now }: ManageDeps,
): Members {
  const actorOf = (role: MemberRole): Actor => ({
    keyId: access.keyId,
    allow(key) {
      access.allow(key);
      if (role === 'admin') requireMayMakeAdmin(access, key);
    },
  });
  const { mutate } = access;
  return {
    list: (page) => members.list(organizationId, page),
    get: async (userId) => found(await members.get(organizationId, requireUserId(userId))),
    async add({ name, email, role }) {
      requirePlainTexts({ name });
      const nowMs = now();
      // Addresses are compared in lower case, because people type them in any case.
      const address = email?.toLowerCase() ?? null;
      const person = { userId: newUserId(nowMs), name, email: address, role, active: true };
      return mutate((row) =>
        members.add(organizationId, { ...person, createdAtMs: nowMs }, actorOf(role), (member) =>
          row({ added_member: member.userId, role: member.role }),
        ),
      );
    },
    async change(userId, change) {
      const id = requireUserId(userId);
      const changed = await mutate((row) =>
        members.change(
          { organizationId, userId: id },
          access,
          (member, actorKey) => {
            const changed = difference(member, change);
            if (changed !== null && makesAdmin(member, { ...member, ...changed }))
              requireMayMakeAdmin(access, actorKey);
            return changed;
          },
          ({ role, active }) => row({ changed_member: id, role, active }),
        ),
      );
      return found(changed);
    },
    async remove(userId) {
      const id = requireUserId(userId);
      const removed = await mutate((row) =>
        members.remove({ organizationId, userId: id }, access, () => row({ removed_member: id })),
      );
      return found(removed);
    },
  };
}

/**
 * Deletes a person in every organisation. Only the operator may do so.
 *
 * @throws NOT_FOUND
 */
export async function deleteUser(
  organizationId: OrganizationId,
  userId: string,
  mutate: Mutate,
  { members, now }: ManageDeps,
): Promise<DeletedUser> {
  const id = requireUserId(userId);
  const operator: Actor = { keyId: null, allow: () => {} };
  const deleted = await mutate((row) =>
    members.deleteUser({ organizationId, userId: id }, now(), operator, (concerned) =>
      row({ deleted_user: id }, concerned),
    ),
  );
  return found(deleted);
}

function difference(
  member: Member,
  { role = member.role, active = member.active }: MemberChange,
): Pick<Member, 'role' | 'active'> | null {
  return role === member.role && active === member.active ? null : { role, active };
}

/**
 * Foreign, unknown and malformed ids are answered with the same message.
 *
 * @throws NOT_FOUND
 */
export function orNotFound<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new AppError('NOT_FOUND', { message });
  return value;
}

const found = <T>(value: T | undefined): T => orNotFound(value, 'The organisation has no such member.');

const requireUserId = (text: string): UserId => found(parseUserId(text));
