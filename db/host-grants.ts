import type Database from 'better-sqlite3';
import { and, asc, eq, getTableColumns, inArray, ne, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { KeyId, OrganizationId } from '../src/ids.ts';
import type { GrantChange } from '../src/keys/key-store.ts';
import type { Organization } from '../src/organization.ts';
import { hostGrants, organizations } from './schema.ts';
import { requireStanding } from './standing.ts';
import { requireKeyId, requireOrganizationId } from './tenant.ts';

/** The organisations that the key may act for, but for deleted ones; none for a key that is no host key. */
export function readGrants(database: Database.Database, keyId: unknown): readonly OrganizationId[] {
  const grants = drizzle(database)
    .select({ organizationId: hostGrants.organizationId })
    .from(hostGrants)
    .innerJoin(organizations, eq(organizations.id, hostGrants.organizationId))
    .where(and(eq(hostGrants.keyId, requireKeyId(keyId)), ne(organizations.status, 'deleted')))
    .orderBy(asc(hostGrants.organizationId))
    .all();
  return grants.map(({ organizationId }) => organizationId);
}

/** On the path of every request with a host key, hence prepared once. */
export function prepareFindGrant(
  auth: Database.Database,
): (keyId: KeyId, organizationId: OrganizationId) => Organization | undefined {
  const granted = drizzle(auth)
    .select(getTableColumns(organizations))
    .from(hostGrants)
    .innerJoin(organizations, eq(organizations.id, hostGrants.organizationId))
    .where(
      and(
        eq(hostGrants.keyId, sql.placeholder('keyId')),
        eq(hostGrants.organizationId, sql.placeholder('organizationId')),
      ),
    )
    .prepare();
  return (keyId, organizationId) =>
    granted.get({ keyId: requireKeyId(keyId), organizationId: requireOrganizationId(organizationId) });
}

/** An organisation that is granted already stays so. @throws NOT_FOUND for one that is not there */
export function insertGrants(
  control: Database.Database,
  keyId: KeyId,
  organizationIds: readonly OrganizationId[],
  nowMs: number,
): void {
  for (const organizationId of organizationIds) {
    requireStanding(control, organizationId);
    const grant = { keyId: requireKeyId(keyId), organizationId, createdAtMs: nowMs };
    drizzle(control).insert(hostGrants).values(grant).onConflictDoNothing().run();
  }
}

/** To be called inside a `BEGIN IMMEDIATE`. */
export function applyGrantChange(
  control: Database.Database,
  keyId: KeyId,
  { add, withdraw }: GrantChange,
  nowMs: number,
): readonly OrganizationId[] {
  insertGrants(control, keyId, add, nowMs);
  const gone = withdraw.map(requireOrganizationId);
  if (gone.length > 0) {
    drizzle(control)
      .delete(hostGrants)
      .where(and(eq(hostGrants.keyId, requireKeyId(keyId)), inArray(hostGrants.organizationId, gone)))
      .run();
  }
  return readGrants(control, keyId);
}
