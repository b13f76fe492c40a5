import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import type { AuditEvent } from '../src/audit/audit-event.ts';
import type { AuditFilter, AuditPage } from '../src/audit/audit-trail.ts';
import { inSegments, segmentOf } from './audit-segments.ts';
import { and, asc, desc, drizzle, eq, gte, inArray, lt, sql } from './drizzle.ts';
import { audit } from './schema.ts';
import { storeCall } from './store-call.ts';

/** Segments that are looked through in one go: the first are few, for whoever wants the newest rows alone. */
const FIRST_SEGMENTS = 4;
/** Some milliseconds: requests are answered in between. */
const MOST_SEGMENTS = 64;

/** Rows of `whose`, the newest first, that the filter lets pass. */
export type ListAudit = (
  whose: SQL | undefined,
  filter: AuditFilter,
  page: AuditPage,
) => Promise<readonly AuditEvent[]>;

export function prepareListAudit(
  listing: Database.Database,
  head: () => { readonly seq: number },
): ListAudit {
  const db = drizzle(listing);
  const oldest = db.select({ seq: audit.seq }).from(audit).orderBy(asc(audit.seq)).limit(1).prepare();
  const newestFirst = (where: readonly (SQL | undefined)[], limit: number) =>
    db
      .select()
      .from(audit)
      .where(and(...where))
      .orderBy(desc(audit.seq))
      .limit(limit);

  return async (whose, filter, { limit, beforeSeq = Number.MAX_SAFE_INTEGER }) => {
    const conditions = [whose, ...conditionsOf(filter)].filter((condition) => condition !== undefined);
    // The chain itself is in this order.
    if (conditions.length === 0)
      return storeCall(listing, () => newestFirst([lt(audit.seq, beforeSeq)], limit).all());

    // Which rows they are is answered by the index alone.
    const matching = db
      .select({ seq: audit.seq })
      .from(audit)
      .where(and(inSegments, lt(audit.seq, beforeSeq), ...conditions))
      .orderBy(desc(audit.seq))
      .limit(sql.placeholder('limit'))
      .prepare();
    const [first, newest] = await storeCall(listing, () => [oldest.get()?.seq ?? 1, head().seq] as const);
    const found: number[] = [];
    let last = segmentOf(Math.min(newest, beforeSeq));
    for (let size = FIRST_SEGMENTS; last >= segmentOf(first); size = Math.min(MOST_SEGMENTS, size * 2)) {
      const stretch = { lastSegment: last, firstSegment: last - size + 1, limit: limit - found.length };
      found.push(...(await storeCall(listing, () => matching.all(stretch))).map(({ seq }) => seq));
      if (found.length >= limit) break;
      last -= size;
      await setImmediate();
    }
    return storeCall(listing, () => newestFirst([inArray(audit.seq, found)], limit).all());
  };
}

function conditionsOf(filter: AuditFilter): readonly (SQL | undefined)[] {
  const { keyPrefix, tool, code, sinceMs, untilMs } = filter;
  return [
    keyPrefix === undefined ? undefined : eq(audit.keyPrefix, keyPrefix),
    tool === undefined ? undefined : eq(audit.tool, tool),
    code === undefined ? undefined : eq(audit.errorCode, code),
    sinceMs === undefined ? undefined : gte(audit.at, sinceMs),
    untilMs === undefined ? undefined : lt(audit.at, untilMs),
  ];
}
