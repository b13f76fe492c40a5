import { and, asc, desc, eq, gt, gte, lt, lte, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { AuditFilter, AuditPage, AuditTrail } from '../src/audit/audit-trail.ts';
import { type ChainHash, prepareAppend, prepareHead } from './audit-chain.ts';
import type { Connections } from './connections.ts';
import { createGroupCommit } from './group-commit.ts';
import { audit } from './schema.ts';
import { storeCall, storeTransaction } from './store-call.ts';
import { requireOrganizationId, requireOrganizationOrNull } from './tenant.ts';
import { prepareToolUses } from './tool-uses.ts';

/** `flush` commits what is waiting now, for a store that closes. */
export function createAuditTrail(
  connections: Connections,
  chainHash: ChainHash,
): AuditTrail & { readonly flush: () => void } {
  const { control, listing } = connections;
  const group = createGroupCommit(connections.audit, prepareAppend(connections.audit, chainHash));
  const appendOnControl = prepareAppend(control, chainHash);
  const headOnControl = prepareHead(control);
  const headOnListing = prepareHead(listing);
  const reader = drizzle(listing);

  const newestFirst = (conditions: readonly (SQL | undefined)[], page: AuditPage) =>
    reader
      .select()
      .from(audit)
      .where(and(...conditions, page.beforeSeq === undefined ? undefined : lt(audit.seq, page.beforeSeq)))
      .orderBy(desc(audit.seq))
      .limit(page.limit)
      .all();

  return {
    flush: group.flush,
    async append(row) {
      requireOrganizationOrNull(row.organizationId);
      await group.add(row);
    },
    list: (organizationId, filter, page) =>
      storeCall(listing, () =>
        newestFirst(
          [eq(audit.organizationId, requireOrganizationId(organizationId)), ...conditionsOf(filter)],
          page,
        ),
      ),
    listToolUses: prepareToolUses(listing, headOnListing),
    listForOperator: (filter, page) => storeCall(listing, () => newestFirst(conditionsOf(filter), page)),
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

function conditionsOf(filter: AuditFilter): (SQL | undefined)[] {
  const { keyPrefix, tool, code, sinceMs, untilMs } = filter;
  return [
    keyPrefix === undefined ? undefined : eq(audit.keyPrefix, keyPrefix),
    tool === undefined ? undefined : eq(audit.tool, tool),
    code === undefined ? undefined : eq(audit.errorCode, code),
    sinceMs === undefined ? undefined : gte(audit.at, sinceMs),
    untilMs === undefined ? undefined : lt(audit.at, untilMs),
  ];
}
