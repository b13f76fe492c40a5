import type Database from 'better-sqlite3';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import { AppError } from '../../../src/errors.ts';
import type { OrganizationId } from '../../../src/ids.ts';
import type { Organization } from '../../../src/organization.ts';
import type { NewOrganization, OrganizationStore } from '../../../src/provisioning/organization-store.ts';
import type { Connections } from '../connection/connections.ts';
import { asc, drizzle, eq, gt, sql } from '../connection/drizzle.ts';
import { storeCall, storeTransaction } from '../connection/store-call.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import { prepareAppend } from '../rows/audit-chain.ts';
import { isBootstrapOpen } from '../rows/bootstrap-latch.ts';
import { addCanonIfNew, isSameSet, newestCanon, newestCanonOrNone } from '../rows/canon.ts';
import { insertKey, keyTransaction, revokeOfDeleted } from '../rows/key-rows.ts';
import { organizations } from '../schema/schema.ts';

export function createOrganizationStore(connections: Connections, auditChain: AuditChain): OrganizationStore {
  const { control, listing } = connections;
  const append = prepareAppend(control, auditChain);

  return {
    async provision(externalId, make, auditRow) {
      // First without the write lock, so that a known organisation does not queue behind writers.
      const known = await storeCall(listing, () => withExternalId(listing, externalId));
      if (known !== undefined) return { organization: known, created: false };
      return keyTransaction(control, () => {
        const existing = withExternalId(control, externalId) ?? withFoldedExternalId(control, externalId);
        if (existing !== undefined) return { organization: existing, created: false };
        const organization = insertOrganization(control, make(newestCanon(control)), externalId);
        append([auditRow(organization)]);
        return { organization, created: true };
      });
    },
    isBootstrapOpen: () => storeCall(listing, () => isBootstrapOpen(listing)),
    bootstrap: (make, auditRow) =>
      keyTransaction(control, () => {
        if (!isBootstrapOpen(control)) throw new AppError('BOOTSTRAP_CLOSED');
        const organization = insertOrganization(control, make(newestCanon(control)), null);
        append([auditRow(organization)]);
        return organization;
      }),
    get: (organizationId) => storeCall(listing, () => readOrganization(listing, organizationId)),
    list: async ({ limit, afterId }) =>
      storeCall(listing, () =>
        drizzle(listing)
          .select()
          .from(organizations)
          .where(afterId === undefined ? undefined : gt(organizations.id, assertOrganizationId(afterId)))
          .orderBy(asc(organizations.id))
          .limit(limit)
          .all(),
      ),
    setStatus: (organizationId, status, nowMs, auditRow) =>
      storeTransaction(control, () => {
        const current = readOrganization(control, organizationId);
        if (current === undefined || current.status === 'deleted') return undefined;
        if (current.status === status) return current;
        drizzle(control).update(organizations).set({ status }).where(isOrganization(organizationId)).run();
        const changed = { ...current, status };
        if (status === 'deleted') revokeOfDeleted(control, assertOrganizationId(organizationId), nowMs);
        append([auditRow(changed)]);
        return changed;
      }),
    async ensureCanonicalSet(scopes, nowMs) {
      const newest = await storeCall(listing, () => newestCanonOrNone(listing));
      if (newest !== undefined && isSameSet(newest.scopes, scopes)) return newest;
      return storeTransaction(control, () => addCanonIfNew(control, scopes, nowMs));
    },
    canon: () => storeCall(listing, () => newestCanon(listing)),
  };
}

const isOrganization = (organizationId: unknown) =>
  eq(organizations.id, assertOrganizationId(organizationId));

function readOrganization(database: Database.Database, organizationId: OrganizationId) {
  return drizzle(database).select().from(organizations).where(isOrganization(organizationId)).get();
}

/** An explicit `null` is an organisation without an external id. */
function withExternalId(database: Database.Database, externalId: unknown): Organization | undefined {
  if (externalId === null) return undefined;
  if (typeof externalId !== 'string') throw new Error('external id missing: expected a text or null');
  return drizzle(database).select().from(organizations).where(eq(organizations.externalId, externalId)).get();
}

/**
 * Compares without regard to case. This rule is in the only transaction that creates organisations, not in an index: a
 * store of an older program may hold both `ACME` and `acme`, and must still open.
 */
function withFoldedExternalId(
  database: Database.Database,
  externalId: string | null,
): Organization | undefined {
  if (externalId === null) return undefined;
  const isSame = sql`lower(${organizations.externalId}) = lower(${externalId})`;
  return drizzle(database).select().from(organizations).where(isSame).get();
}

function insertOrganization(
  control: Database.Database,
  { organization, defaultKey, managerKey }: NewOrganization,
  externalId: string | null,
): Organization {
  const id = assertOrganizationId(organization.id);
  drizzle(control)
    .insert(organizations)
    .values({ ...organization, externalId })
    .run();
  insertKey(control, id, defaultKey);
  if (managerKey !== undefined) insertKey(control, id, managerKey);
  return organization;
}
