import type { AuditChain } from '../src/audit/audit-event.ts';
import type { AuditTrail } from '../src/audit/audit-trail.ts';
import { prepareAppend, prepareHead } from './audit-chain.ts';
import { prepareListAudit } from './audit-list.ts';
import type { Connections } from './connections.ts';
import { asc, drizzle, eq, gt, lte } from './drizzle.ts';
import { createGroupCommit } from './group-commit.ts';
import { audit } from './schema.ts';
import { storeCall, storeTransaction } from './store-call.ts';
import { requireOrganizationId, requireOrganizationOrNull } from './tenant.ts';
import { prepareToolUses } from './tool-uses.ts';

/** `flush` commits what is waiting now, for a store that closes. */
export function createAuditTrail(
  connections: Connections,
  auditChain: AuditChain,
): AuditTrail & { readonly flush: () => void } {
  const { control, listing } = connections;
  const group = createGroupCommit(connections.audit, prepareAppend(connections.audit, auditChain));
  const appendOnControl = prepareAppend(control, auditChain);
  const headOnControl = prepareHead(control);
  const headOnListing = prepareHead(listing);
  const reader = drizzle(listing);
  const list = prepareListAudit(listing, headOnListing);

  return {
    flush: group.flush,
    async append(row) {
      requireOrganizationOrNull(row.organizationId);
      await group.add(row);
    },
    list: async (organizationId, filter, page) =>
      list(eq(audit.organizationId, requireOrganizationId(organizationId)), filter, page),
    listToolUses: prepareToolUses(listing, headOnListing),
    listForOperator: (filter, page) => list(undefined, filter, page),
    readChain: (afterSeq, limit) =>
      storeCall(listing, () =>
        reader.select().from(audit).where(gt(audit.seq, afterSeq)).orderBy(asc(audit.seq)).limit(limit).all(),
      ),
    head: () => storeCall(listing, headOnListing),
    prune: (throughSeq, checkpoint) =>
      storeTransaction(control, () => {
        const head = headOnControl();
        if (throughSeq > head.seq)
          throw new Error(`prune through ${throughSeq}: the chain ends at ${head.seq}`);
        // First the checkpoint, so that the chain goes on from the head even where all of it is removed.
        appendOnControl([checkpoint]);
        drizzle(control).delete(audit).where(lte(audit.seq, throughSeq)).run();
      }),
  };
}
