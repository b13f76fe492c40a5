import { setImmediate } from 'node:timers/promises';
import type Database from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import type { ToolUses } from '../../../src/audit/audit-trail.ts';
import type { KeyId, OrganizationId } from '../../../src/ids.ts';
import { and, asc, drizzle, eq, gte, isNotNull, isNull, lt, sql } from '../connection/drizzle.ts';
import { storeCall } from '../connection/store-call.ts';
import { organizationOf } from '../connection/tenant.ts';
import { inSegments, segmentOf } from '../rows/audit-segments.ts';
import { audit } from '../schema/schema.ts';

/** Segments per step, some 10 ms: requests run between the steps. */
const STRETCH = 400;

/**
 * Which tools were called successfully. Reads the chain step by step, without one snapshot, because its rows never
 * change.
 */
export function prepareToolUses(
  listing: Database.Database,
  head: () => { readonly seq: number },
): (keyspace: OrganizationId | 'operator', sinceMs: number) => Promise<ToolUses> {
  const db = drizzle(listing);
  const oldest = db
    .select({ seq: audit.seq, at: audit.at })
    .from(audit)
    .orderBy(asc(audit.seq))
    .limit(1)
    .prepare();
  const inStretch = (whose: SQL | undefined) =>
    db
      .select({ keyId: audit.keyId, tool: audit.tool })
      .from(audit)
      .where(
        and(
          whose,
          inSegments,
          gte(audit.at, sql.placeholder('sinceMs')),
          eq(audit.kind, 'call'),
          isNotNull(audit.keyId),
          isNotNull(audit.tool),
          isNull(audit.errorCode),
          lt(audit.status, 400),
        ),
      )
      .groupBy(audit.keyId, audit.tool)
      .prepare();
  const ofOrganization = inStretch(eq(audit.organizationId, sql.placeholder('organizationId')));
  // Host keys call for every organisation.
  const ofOperator = inStretch(eq(audit.tier, 'host-key'));

  return async (keyspace, sinceMs) => {
    const organizationId = organizationOf(keyspace);
    const statement = organizationId === null ? ofOperator : ofOrganization;
    const first = await storeCall(listing, () => oldest.get());
    const last = await storeCall(listing, head);
    const uses = new Map<string, { keyId: KeyId; tool: string }>();
    const lastSegment = segmentOf(last.seq);
    for (let from = segmentOf(first?.seq ?? 1); from <= lastSegment; from += STRETCH) {
      const stretch = { organizationId, sinceMs, firstSegment: from, lastSegment: from + STRETCH - 1 };
      for (const { keyId, tool } of await storeCall(listing, () => statement.all(stretch))) {
        if (keyId !== null && tool !== null) uses.set(`${keyId} ${tool}`, { keyId, tool });
      }
      await setImmediate();
    }
    const isWhole = first === undefined || first.seq === 1;
    return { uses: [...uses.values()], completeSinceMs: isWhole ? 0 : first.at };
  };
}
