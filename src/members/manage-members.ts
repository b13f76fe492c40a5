import type { AuditRow } from '../audit/audit-event.ts';
import { AppError } from '../errors.ts';
import { newUserId, type OrganizationId, parseUserId, type UserId } from '../ids.ts';
import type { Member } from './member.ts';
import type { Asker, DeletedUser, MemberChange, MemberPage, MemberStore } from './member-store.ts';

/** Who changes something, and how it is written down: a request's audit slot, or the operator's own row. */
export type Author = Asker & {
  readonly row: (change: Readonly<Record<string, unknown>>) => AuditRow;
  /** Told once a row is committed; a change that changes nothing writes none. */
  readonly committed: () => void;
};

export type AddRequest = Pick<Member, 'name' | 'email' | 'role'>;

export type ManageDeps = { readonly members: MemberStore; readonly now: () => number };

/** The people of one organisation; one who is not in it is as unknown as one who does not exist. */
export type Members = {
  list(page: MemberPage): Promise<readonly Member[]>;
  get(userId: string): Promise<Member>;
  add(request: AddRequest): Promise<Member>;
  change(userId: string, change: MemberChange): Promise<Member>;
  remove(userId: string): Promise<Member>;
};

/** Every method throws NOT_FOUND for a person who is no member. */
export function manageMembers(
  organizationId: OrganizationId,
  author: Author,
  { members, now }: ManageDeps,
): Members {
  return {
    list: (page) => members.list(organizationId, page),
    get: async (userId) => found(await members.get(organizationId, requireUserId(userId))),
    add: ({ name, email, role }) =>
      audited(author, (row) => {
        const nowMs = now();
        // People type their address in any case, and mean themselves.
        const address = email?.toLowerCase() ?? null;
        const person = { userId: newUserId(nowMs), name, email: address, role, active: true };
        return members.add(organizationId, { ...person, createdAtMs: nowMs }, author, (member) =>
          row({ added_member: member.userId, role: member.role }),
        );
      }),
    change: (userId, change) =>
      audited(author, async (row) => {
        const id = requireUserId(userId);
        const changed = await members.change(
          organizationId,
          id,
          author,
          (member) => difference(member, change),
          ({ role, active }) => row({ changed_member: id, role, active }),
        );
        return found(changed);
      }),
    remove: (userId) =>
      audited(author, async (row) => {
        const id = requireUserId(userId);
        return found(await members.remove(organizationId, id, author, () => row({ removed_member: id })));
      }),
  };
}

/** The operator's alone, since it reaches every organisation of the person. @throws NOT_FOUND */
export async function deleteUser(
  organizationId: OrganizationId,
  userId: string,
  auditRow: (organizationId: OrganizationId, change: Readonly<Record<string, unknown>>) => AuditRow,
  { members, now }: ManageDeps,
): Promise<DeletedUser> {
  const id = requireUserId(userId);
  const operator: Asker = { keyId: null, allow: () => {} };
  const row = (concerned: OrganizationId) => auditRow(concerned, { deleted_user: id });
  return found(await members.deleteUser(organizationId, id, now(), operator, row));
}

function difference(member: Member, { role, active }: MemberChange): MemberChange | null {
  const isSame = (role ?? member.role) === member.role && (active ?? member.active) === member.active;
  return isSame ? null : { role, active };
}

/** Runs a change whose row, where one was made, is committed when it resolves. */
export async function audited<T>(author: Author, change: (row: Author['row']) => Promise<T>): Promise<T> {
  let isWritten = false;
  const result = await change((what) => {
    isWritten = true;
    return author.row(what);
  });
  if (isWritten) author.committed();
  return result;
}

/** An id that is foreign, unknown or not even well formed is answered with the same sentence. */
export function orNotFound<T>(value: T | undefined, message: string): T {
  if (value === undefined) throw new AppError('NOT_FOUND', { message });
  return value;
}

const found = <T>(value: T | undefined): T => orNotFound(value, 'The organisation has no such member.');

const requireUserId = (text: string): UserId => found(parseUserId(text));
