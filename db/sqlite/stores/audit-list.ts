import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import type { AuditFilter, AuditPage, ListedEvent } from '../../../src/audit/audit-trail.ts';
import { and, asc, desc, drizzle, eq, gte, inArray, lt, sql } from '../connection/drizzle.ts';
import { storeCall } from '../connection/store-call.ts';
import { inSegments, segmentOf } from '../rows/audit-segments.ts';
import { audit } from '../schema/schema.ts';

/** Segments of the first step. Few, because most readers want only the newest rows. */
const FIRST_SEGMENTS = 4;
/** Most segments per step, some milliseconds: requests run between the steps. */
const MOST_SEGMENTS = 64;

/** The rows of `whose` that match the filter, newest first. */
type ListAudit = (
  whose: SQL | undefined,
  filter: AuditFilter,
  page: AuditPage,
) => Promise<readonly ListedEvent[]>;

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

  return async (whose, filter, { limit, before }) => {
    const beforeSeq = before === undefined ? Number.MAX_SAFE_INTEGER : seqAt(before);
    const conditions = [whose, ...conditionsOf(filter)].filter((condition) => condition !== undefined);
    // Without conditions, the primary key has the order already.
    if (conditions.length === 0)
      return storeCall(listing, () =>
        newestFirst([lt(audit.seq, beforeSeq)], limit)
          .all()
          .map(listed),
      );

    // Only reads the index: it finds the rows before they are read.
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
    return storeCall(listing, () =>
      newestFirst([inArray(audit.seq, found)], limit)
        .all()
        .map(listed),
    );
  };
}

/** The position of a row is its place in the chain. */
const listed = (event: AuditEvent): ListedEvent => ({ ...event, position: String(event.seq) });

function seqAt(position: string): number {
  if (!/^\d{1,15}$/.test(position)) throw new Error('position missing: expected one that a listing gave');
  return Number(position);
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
