import type Database from 'better-sqlite3';
import type { AuditTrail } from '../../../src/audit/audit-trail.ts';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import type { Connections } from '../connection/connections.ts';
import { asc, drizzle, eq, gt, lte } from '../connection/drizzle.ts';
import { storeCall, storeTransaction } from '../connection/store-call.ts';
import { assertOrganizationId, assertOrganizationOrNull } from '../connection/tenant.ts';
import { headOf, prepareAppend, prepareHead, seqOf } from '../rows/audit-chain.ts';
import { audit } from '../schema/schema.ts';
import { prepareListAudit } from './audit-list.ts';
import { createGroupCommit } from './group-commit.ts';
import { prepareToolUses } from './tool-uses.ts';

/** The audit port on SQLite. `flush` commits waiting rows at once, for a store that closes. */
export function createAuditTrail(
  connections: Connections,
  auditChain: AuditChain,
): AuditTrail & { readonly flush: () => void } {
  const { control, listing } = connections;
  const group = createGroupCommit(connections.audit, prepareAppend(connections.audit, auditChain));
  const appendOnControl = prepareAppend(control, auditChain);
  const headOnControl = prepareHead(control);
  const headOnListing = prepareHead(listing);
  const list = prepareListAudit(listing, headOnListing);

  return {
    flush: group.flush,
    async append(row) {
      assertOrganizationOrNull(row.organizationId);
      await group.add(row);
    },
    list: async (organizationId, filter, page) =>
      list(eq(audit.organizationId, assertOrganizationId(organizationId)), filter, page),
    listToolUses: prepareToolUses(listing, headOnListing),
    listForOperator: (filter, page) => list(undefined, filter, page),
    readChain: prepareReadChain(listing),
    head: () => storeCall(listing, () => headOf(headOnListing())),
    prune: (through, checkpoint) =>
      storeTransaction(control, () => {
        const throughSeq = seqOf(through);
        const head = headOf(headOnControl());
        if (throughSeq > head.seq)
          throw new Error(`prune through ${throughSeq}: the chain ends at ${head.seq}`);
        // The checkpoint comes first, so that the chain continues from the head even when every row is removed.
        appendOnControl([checkpoint(head)]);
        drizzle(control).delete(audit).where(lte(audit.seq, throughSeq)).run();
      }),
  };
}

function prepareReadChain(listing: Database.Database): AuditTrail['readChain'] {
  const db = drizzle(listing);
  return (after, limit) =>
    storeCall(listing, () =>
      db
        .select()
        .from(audit)
        .where(gt(audit.seq, seqOf(after)))
        .orderBy(asc(audit.seq))
        .limit(limit)
        .all(),
    );
}
