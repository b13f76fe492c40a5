import type Database from 'better-sqlite3';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import { AppError } from '../../../src/errors.ts';
import type { OrganizationId, UserId } from '../../../src/ids.ts';
import type { MemberPage, Permission } from '../../../src/members/member.ts';
import type { MemberStore, Membership, NewMember } from '../../../src/members/member-store.ts';
import type { Connections } from '../connection/connections.ts';
import { and, desc, drizzle, eq, isNull, lt, sql } from '../connection/drizzle.ts';
import { storeCall } from '../connection/store-call.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import type { AuthReads } from '../credential-lookup/auth-reads.ts';
import { askedTransaction } from '../rows/asked-transaction.ts';
import { prepareAppend } from '../rows/audit-chain.ts';
import { requireExistingOrganization } from '../rows/existing-organization.ts';
import { assertUserId, memberColumns, memberOf, membersOf, readMember } from '../rows/member-rows.ts';
import { memberships, users } from '../schema/member-schema.ts';
import { keys } from '../schema/schema.ts';
import { createGroupStore } from './group-store.ts';

export function createMemberStore(
  connections: Connections,
  auditChain: AuditChain,
  reads: AuthReads,
): MemberStore {
  const { auth, control, listing } = connections;
  const append = prepareAppend(control, auditChain);
  const standingOf = prepareStanding(auth);

  return {
    groups: createGroupStore(connections, append),
    add: (organizationId, person, by, auditRow) =>
      askedTransaction(control, { organizationId }, by, () => {
        requireExistingOrganization(control, organizationId);
        const member = insertMember(control, organizationId, person);
        append([auditRow(member)]);
        return member;
      }),
    get: (organizationId, userId) => storeCall(listing, () => readMember(listing, organizationId, userId)),
    list: (organizationId, page) => storeCall(listing, () => listMembers(listing, organizationId, page)),
    change: (address, by, decide, auditRow) =>
      askedTransaction(control, address, by, (asking) => {
        const { organizationId, userId } = address;
        const current = readMember(control, organizationId, userId);
        const change = current === undefined ? null : decide(current, asking);
        if (current === undefined || change === null) return current;
        const { role = current.role, active = current.active } = change;
        drizzle(control)
          .update(memberships)
          .set({ role, active })
          .where(memberOf(organizationId, userId))
          .run();
        const changed = { ...current, role, active };
        append([auditRow(changed)]);
        return changed;
      }),
    remove: (address, by, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, userId } = address;
        const member = readMember(control, organizationId, userId);
        if (member === undefined) return undefined;
        drizzle(control).delete(memberships).where(memberOf(organizationId, userId)).run();
        append([auditRow(member)]);
        return member;
      }),
    deleteUser: (address, nowMs, by, auditRow) =>
      askedTransaction(control, address, by, () => {
        const { organizationId, userId } = address;
        const member = readMember(control, organizationId, userId);
        if (member === undefined) return undefined;
        const concerned = endUser(control, member.userId, nowMs);
        append(concerned.map(auditRow));
        return { member, organizations: concerned };
      }),
    permissionsOf: (organizationId, userId) =>
      reads(() => standingOf(assertOrganizationId(organizationId), assertUserId(userId))),
  };
}

function insertMember(control: Database.Database, organizationId: OrganizationId, person: NewMember) {
  const { name, email, role, active, createdAtMs } = person;
  const db = drizzle(control);
  if (email !== null && isAddressTaken(control, organizationId, email)) {
    throw new AppError('VALIDATION_ERROR', { message: 'email: the person is a member already' });
  }
  const user = { id: assertUserId(person.userId), name };
  db.insert(users)
    .values({ ...user, email, createdAtMs })
    .run();
  const membership = { organizationId, userId: user.id, role, active, createdAtMs };
  db.insert(memberships).values(membership).run();
  return { ...membership, name: user.name, email };
}

function isAddressTaken(control: Database.Database, organizationId: OrganizationId, email: string): boolean {
  const found = drizzle(control)
    .select({ id: users.id })
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(membersOf(organizationId), eq(users.email, email)))
    .get();
  return found !== undefined;
}

function listMembers(listing: Database.Database, organizationId: OrganizationId, page: MemberPage) {
  const after = page.beforeId === undefined ? undefined : lt(memberships.userId, assertUserId(page.beforeId));
  return drizzle(listing)
    .select(memberColumns)
    .from(memberships)
    .innerJoin(users, eq(users.id, memberships.userId))
    .where(and(membersOf(organizationId), after))
    .orderBy(desc(memberships.userId))
    .limit(page.limit)
    .all();
}

/**
 * Deletes a person with all memberships and keys. The rows of user and keys stay for the audit, and the address becomes
 * free.
 */
function endUser(control: Database.Database, userId: UserId, nowMs: number): readonly OrganizationId[] {
  const db = drizzle(control);
  const shownKeys = and(eq(keys.userId, userId), isNull(keys.removedAtMs));
  const joined = db.select({ id: memberships.organizationId }).from(memberships);
  const owning = db.select({ id: sql<OrganizationId>`${keys.organizationId}` }).from(keys);
  const concerned = new Set([
    ...joined
      .where(eq(memberships.userId, userId))
      .all()
      .map(({ id }) => id),
    ...owning
      .where(shownKeys)
      .all()
      .map(({ id }) => id),
  ]);
  db.update(keys).set({ removedAtMs: nowMs }).where(shownKeys).run();
  db.delete(memberships).where(eq(memberships.userId, userId)).run();
  db.update(users).set({ deletedAtMs: nowMs, email: null }).where(eq(users.id, userId)).run();
  return [...concerned].sort();
}

/** One prepared statement, because it runs for every request of a user-bound key. */
function prepareStanding(
  auth: Database.Database,
): (organizationId: OrganizationId, userId: UserId) => Membership | undefined {
  const statement = drizzle(auth)
    .select({
      role: memberships.role,
      active: memberships.active,
      // Raw SQL, because drizzle omits table names in a query of one table.
      permissions: sql<readonly Permission[]>`(
        SELECT json_group_array(DISTINCT permission.value)
        FROM group_members AS joined
        JOIN permission_groups AS held
          ON held.organization_id = joined.organization_id AND held.id = joined.group_id
        JOIN json_each(held.permissions) AS permission
        WHERE joined.organization_id = memberships.organization_id AND joined.user_id = memberships.user_id
      )`.mapWith((text: string) => JSON.parse(text)),
    })
    .from(memberships)
    .where(
      and(
        eq(memberships.organizationId, sql.placeholder('organizationId')),
        eq(memberships.userId, sql.placeholder('userId')),
      ),
    )
    .prepare();
  return (organizationId, userId) => statement.get({ organizationId, userId });
}
