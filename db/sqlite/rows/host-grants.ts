import type Database from 'better-sqlite3';
import type { KeyId, OrganizationId } from '../src/ids.ts';
import type { KeyRecord } from '../src/keys/key-record.ts';
import type { GrantChange } from '../src/keys/key-store.ts';
import type { Organization } from '../src/organization.ts';
import { and, asc, drizzle, eq, getTableColumns, inArray, ne, sql } from './drizzle.ts';
import { hostGrants, organizations } from './schema.ts';
import { requireStandingOfAll } from './standing.ts';
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

/** Rows of one statement: far below SQLite's limit of parameters. */
const CHUNK = 500;

/** Answers those that were not granted before. @throws NOT_FOUND for one that is not there, or is deleted */
export function insertGrants(
  control: Database.Database,
  keyId: KeyId,
  organizationIds: readonly OrganizationId[],
  nowMs: number,
): readonly OrganizationId[] {
  const added: OrganizationId[] = [];
  for (const chunk of chunksOf(organizationIds.map(requireOrganizationId))) {
    requireStandingOfAll(control, chunk);
    const rows = chunk.map((organizationId) => ({
      keyId: requireKeyId(keyId),
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
 * To be called inside a `BEGIN IMMEDIATE`. Answers what really changed. A withdrawal holds for the keys that the
 * key is being replaced by, or replaces: a rotation under way is no way round it.
 */
export function applyGrantChange(
  control: Database.Database,
  { id, replacedBy, replaces }: KeyRecord,
  { add, withdraw }: GrantChange,
  nowMs: number,
): GrantChange {
  const added = insertGrants(control, id, add, nowMs);
  const concerned = [id, replacedBy, replaces].filter((key) => key !== null).map(requireKeyId);
  const withdrawn = new Set<OrganizationId>();
  for (const chunk of chunksOf(withdraw.map(requireOrganizationId))) {
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
