import type Database from 'better-sqlite3';
import type { AuditChain } from '../src/audit/audit-event.ts';
import { AppError } from '../src/errors.ts';
import type { OrganizationId } from '../src/ids.ts';
import type { Organization } from '../src/organization.ts';
import type { NewOrganization, OrganizationStore } from '../src/provisioning/organization-store.ts';
import { prepareAppend } from './audit-chain.ts';
import { isBootstrapOpen } from './bootstrap-latch.ts';
import { addCanonIfNew, isSameSet, newestCanon, newestCanonOrNone } from './canon.ts';
import type { Connections } from './connections.ts';
import { and, asc, drizzle, eq, isNull, ne } from './drizzle.ts';
import { insertKey, keyTransaction, ofKeyspace } from './key-rows.ts';
import { withStartWait } from './open-database.ts';
import { keys, organizations } from './schema.ts';
import { prepareCommit, storeCall, storeTransaction } from './store-call.ts';
import { requireOrganizationId } from './tenant.ts';

export function createOrganizationStore(connections: Connections, auditChain: AuditChain): OrganizationStore {
  const { control, listing } = connections;
  const append = prepareAppend(control, auditChain);

  return {
    async provision(externalId, make, auditRow) {
      // Looked up without the write lock first: a known organisation must not queue behind writers.
      const known = await storeCall(listing, () => withExternalId(listing, externalId));
      if (known !== undefined) return { organization: known, created: false };
      return keyTransaction(control, () => {
        const existing = withExternalId(control, externalId);
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
    list: () =>
      storeCall(listing, () =>
        drizzle(listing).select().from(organizations).orderBy(asc(organizations.id)).all(),
      ),
    setStatus: (organizationId, status, nowMs, auditRow) =>
      storeTransaction(control, () => {
        const changed = drizzle(control)
          .update(organizations)
          .set({ status })
          .where(and(isOrganization(organizationId), ne(organizations.status, 'deleted')))
          .returning()
          .get();
        // Drizzle's type leaves out that there may be no row.
        if ((changed as Organization | undefined) === undefined) return undefined;
        if (status === 'deleted') revokeAll(control, organizationId, nowMs);
        append([auditRow(changed)]);
        return changed;
      }),
    async settleCanon(scopes, nowMs) {
      const newest = await storeCall(listing, () => newestCanonOrNone(listing));
      if (newest !== undefined && isSameSet(newest.scopes, scopes)) return newest;
      const add = prepareCommit(control, () => addCanonIfNew(control, scopes, nowMs));
      return storeCall(control, () => withStartWait(control, add));
    },
    canon: () => storeCall(listing, () => newestCanon(listing)),
  };
}

const isOrganization = (organizationId: unknown) =>
  eq(organizations.id, requireOrganizationId(organizationId));

function readOrganization(database: Database.Database, organizationId: OrganizationId) {
  return drizzle(database).select().from(organizations).where(isOrganization(organizationId)).get();
}

/** `null`, said explicitly, is an organisation that the platform has no own id for. */
function withExternalId(database: Database.Database, externalId: unknown): Organization | undefined {
  if (externalId === null) return undefined;
  if (typeof externalId !== 'string') throw new Error('external id missing: expected a text or null');
  return drizzle(database).select().from(organizations).where(eq(organizations.externalId, externalId)).get();
}

/** The organisation and its keys, together. */
function insertOrganization(
  control: Database.Database,
  { organization, defaultKey, managerKey }: NewOrganization,
  externalId: string | null,
): Organization {
  const id = requireOrganizationId(organization.id);
  drizzle(control)
    .insert(organizations)
    .values({ ...organization, externalId })
    .run();
  insertKey(control, id, defaultKey);
  if (managerKey !== undefined) insertKey(control, id, managerKey);
  return organization;
}

function revokeAll(control: Database.Database, organizationId: OrganizationId, nowMs: number): void {
  drizzle(control)
    .update(keys)
    .set({ revokedAtMs: nowMs, revokedBy: 'organization-deleted', isDefault: false })
    .where(and(ofKeyspace(organizationId), isNull(keys.revokedAtMs)))
    .run();
}
