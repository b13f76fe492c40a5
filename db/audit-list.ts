import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import { and, asc, desc, eq, gte, lt, type SQL } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import type { AuditEvent } from '../src/audit/audit-event.ts';
import type { AuditFilter, AuditPage } from '../src/audit/audit-trail.ts';
import { audit } from './schema.ts';
import { storeCall } from './store-call.ts';

/** Rows of the chain that are looked through in one go, some 5 ms: requests are answered in between. */
const STRETCH = 10_000;

/** Rows of `whose`, the newest first; a filter is held against one stretch of the chain after the other. */
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
  const read = (where: readonly (SQL | undefined)[], limit: number) =>
    storeCall(listing, () =>
      db
        .select()
        .from(audit)
        .where(and(...where))
        .orderBy(desc(audit.seq))
        .limit(limit)
        .all(),
    );

  return async (whose, filter, { limit, beforeSeq }) => {
    const conditions = conditionsOf(filter);
    if (conditions.length === 0) {
      return read([whose, beforeSeq === undefined ? undefined : lt(audit.seq, beforeSeq)], limit);
    }
    const [first, newest] = await storeCall(listing, () => [oldest.get()?.seq ?? 1, head().seq] as const);
    const found: AuditEvent[] = [];
    for (let before = beforeSeq ?? newest + 1; before > first; before -= STRETCH) {
      const stretch = [lt(audit.seq, before), gte(audit.seq, before - STRETCH)];
      found.push(...(await read([whose, ...stretch, ...conditions], limit - found.length)));
      if (found.length >= limit) break;
      await setImmediate();
    }
    return found;
  };
}

function conditionsOf(filter: AuditFilter): readonly SQL[] {
  const { keyPrefix, tool, code, sinceMs, untilMs } = filter;
  const conditions = [
    keyPrefix === undefined ? undefined : eq(audit.keyPrefix, keyPrefix),
    tool === undefined ? undefined : eq(audit.tool, tool),
    code === undefined ? undefined : eq(audit.errorCode, code),
    sinceMs === undefined ? undefined : gte(audit.at, sinceMs),
    untilMs === undefined ? undefined : lt(audit.at, untilMs),
  ];
  return conditions.filter((condition) => condition !== undefined);
}
