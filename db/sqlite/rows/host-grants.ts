import type Database from 'better-sqlite3';
import type { KeyId, OrganizationId } from '../../../src/ids.ts';
import type { KeyRecord } from '../../../src/keys/key-record.ts';
import type { GrantChange } from '../../../src/keys/key-store.ts';
import type { Organization } from '../../../src/organization.ts';
import { and, asc, drizzle, eq, getTableColumns, inArray, ne, sql } from '../connection/drizzle.ts';
import { assertKeyId, assertOrganizationId } from '../connection/tenant.ts';
import { hostGrants, organizations } from '../schema/schema.ts';
import { requireStandingOfAll } from './existing-organization.ts';

/** The organisations of a host key, without deleted ones; none for other keys. */
export function readGrants(database: Database.Database, keyId: unknown): readonly OrganizationId[] {
  const grants = drizzle(database)
    .select({ organizationId: hostGrants.organizationId })
    .from(hostGrants)
    .innerJoin(organizations, eq(organizations.id, hostGrants.organizationId))
    .where(and(eq(hostGrants.keyId, assertKeyId(keyId)), ne(organizations.status, 'deleted')))
    .orderBy(asc(hostGrants.organizationId))
    .all();
  return grants.map(({ organizationId }) => organizationId);
}

/** Prepared once, because it runs for every request of a host key. */
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
    granted.get({ keyId: assertKeyId(keyId), organizationId: assertOrganizationId(organizationId) });
}

/** Rows per statement, far below SQLite's limit of parameters. */
const CHUNK = 500;

/**
 * Inserts grants, and returns the new ones.
 *
 * @throws NOT_FOUND for an organisation that is unknown or deleted
 */
export function insertGrants(
  control: Database.Database,
  keyId: KeyId,
  organizationIds: readonly OrganizationId[],
  nowMs: number,
): readonly OrganizationId[] {
  const added: OrganizationId[] = [];
  for (const chunk of chunksOf(organizationIds.map(assertOrganizationId))) {
    requireStandingOfAll(control, chunk);
    const rows = chunk.map((organizationId) => ({
      keyId: assertKeyId(keyId),
      organizationId,
      createdAtMs: nowMs,
    }));
    const { organizationId } = hostGrants;
    const inserted = drizzle(control).insert(hostGrants).values(rows).onConflictDoNothing();
    added.push(
      ...inserted
        .returning({ organizationId })
        .all()
        .map((row) => row.organizationId),
    );
  }
  return added;
}

/**
 * Applies a change of grants, and returns its effective part. Call it inside a `BEGIN IMMEDIATE`. A withdrawal also
 * applies to the key's replacement and its predecessor, so that an open rotation does not evade it.
 */
export function applyGrantChange(
  control: Database.Database,
  { id, replacedBy, replaces }: KeyRecord,
  { add, withdraw }: GrantChange,
  nowMs: number,
): GrantChange {
  const added = insertGrants(control, id, add, nowMs);
  const concerned = [id, replacedBy, replaces].filter((key) => key !== null).map(assertKeyId);
  const withdrawn = new Set<OrganizationId>();
  for (const chunk of chunksOf(withdraw.map(assertOrganizationId))) {
    const { keyId, organizationId } = hostGrants;
    const gone = drizzle(control)
      .delete(hostGrants)
      .where(and(inArray(keyId, concerned), inArray(organizationId, chunk)))
      .returning({ organizationId })
      .all();
    for (const row of gone) withdrawn.add(row.organizationId);
  }
  return { add: added, withdraw: [...withdrawn] };
}

function chunksOf<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  const chunks: (readonly Item[])[] = [];
  for (let start = 0; start < items.length; start += CHUNK) chunks.push(items.slice(start, start + CHUNK));
  return chunks;
}
