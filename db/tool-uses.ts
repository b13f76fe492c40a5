import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { and, asc, eq, gt, gte, isNotNull, isNull, lt, lte, sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { ToolUses } from '../src/audit/audit-trail.ts';
import type { KeyId, OrganizationId } from '../src/ids.ts';
import { audit } from './schema.ts';
import { storeCall } from './store-call.ts';
import { requireOrganizationId } from './tenant.ts';

/** Rows of the chain that are read in one go, some 10 ms: requests are answered in between. */
const STRETCH = 50_000;

/** Which tools were called with success, read from the chain a stretch at a time; what is in it never changes. */
export function prepareToolUses(
  listing: Database.Database,
  head: () => { readonly seq: number },
): (organizationId: OrganizationId, sinceMs: number) => Promise<ToolUses> {
  const db = drizzle(listing);
  const oldest = db
    .select({ seq: audit.seq, at: audit.at })
    .from(audit)
    .orderBy(asc(audit.seq))
    .limit(1)
    .prepare();
  // The range of `seq` lets it seek in `audit_by_organization`, which has `at` too.
  const inStretch = db
    .select({ keyId: audit.keyId, tool: audit.tool })
    .from(audit)
    .where(
      and(
        eq(audit.organizationId, sql.placeholder('organizationId')),
        gt(audit.seq, sql.placeholder('after')),
        lte(audit.seq, sql.placeholder('through')),
        gte(audit.at, sql.placeholder('sinceMs')),
        eq(audit.kind, 'call'),
        isNotNull(audit.keyId),
        sql`+${audit.tool} IS NOT NULL`,
        isNull(audit.errorCode),
        lt(audit.status, 400),
      ),
    )
    .groupBy(audit.keyId, audit.tool)
    .prepare();

  return async (organizationId, sinceMs) => {
    const id = requireOrganizationId(organizationId);
    const first = await storeCall(listing, () => oldest.get());
    const last = await storeCall(listing, head);
    const uses = new Map<string, { keyId: KeyId; tool: string }>();
    for (let after = (first?.seq ?? 1) - 1; after < last.seq; after += STRETCH) {
      const stretch = { organizationId: id, sinceMs, after, through: after + STRETCH };
      for (const { keyId, tool } of await storeCall(listing, () => inStretch.all(stretch))) {
        if (keyId !== null && tool !== null) uses.set(`${keyId} ${tool}`, { keyId, tool });
      }
      await setImmediate();
    }
    const isWhole = first === undefined || first.seq === 1;
    return { uses: [...uses.values()], completeSinceMs: isWhole ? 0 : first.at };
  };
}
