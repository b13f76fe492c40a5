import type Database from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import type { RecoveryReport } from '../../../src/store/store.ts';
import { and, drizzle, inArray, isNull, ne, sql } from '../connection/drizzle.ts';
import { revokeOfDeleted } from '../rows/key-rows.ts';
import { groupMembers } from '../schema/member-schema.ts';
import { hostGrants, keys, organizations } from '../schema/schema.ts';
import type { LedgerLine } from './ledger-lines.ts';

type Applied = Omit<RecoveryReport, 'coverage'>;

/** What each kind of line does to a store that lacks it. */
const meanings = {
  revoked: 'revoke',
  removed: 'revoke',
  rotated: 'hold',
  changed: 'hold',
  withdrawn: 'withdraw',
  user: 'hold',
  group: 'hold',
  organization: 'status',
  // Lines about keys that the copy does not have, or about steps that this store repeats itself.
  minted: 'nothing',
  held: 'nothing',
  confirmed: 'nothing',
  // Lines that mark audit rows, by which a copy of the store is located in the ledger.
  begun: 'mark',
  settled: 'mark',
  checkpoint: 'mark',
} as const;

type Meaning = (typeof meanings)[keyof typeof meanings];

/** Undefined for a kind of a newer program, which this one cannot judge. */
export const meaningOf = ({ what }: LedgerLine): Meaning | undefined =>
  Object.hasOwn(meanings, what) ? (meanings as Readonly<Record<string, Meaning>>)[what] : undefined;

/** Applies the changes. Call it inside a `BEGIN IMMEDIATE`. Returns the numbers of affected keys and organisations. */
export function applyChanges(
  database: Database.Database,
  lines: readonly LedgerLine[],
  holdAll: boolean,
  nowMs: number,
): Applied {
  const changed = applyStatuses(database, lines);
  let revoked = changed.revoked;
  let withdrawn = 0;
  for (const line of lines) {
    if (isOf(line, 'revoke')) revoked += revokeAgain(database, line);
    if (isOf(line, 'withdraw')) withdrawn += withdrawAgain(database, line);
  }
  const conditions = holdAll ? [sql`true`] : lines.filter(holds).map(keysOf);
  let held = 0;
  for (const condition of conditions) {
    held += drizzle(database)
      .update(keys)
      .set({ heldAtMs: nowMs })
      .where(and(condition, isNull(keys.heldAtMs), isNull(keys.revokedAtMs), isNull(keys.removedAtMs)))
      .run().changes;
  }
  return { revoked, withdrawn, held, organizations: changed.organizations };
}

const isOf = (line: LedgerLine, meaning: Meaning): boolean => meaningOf(line) === meaning;

/** A key that lost a grant is held as well: it changed, and the operator should review it. */
const holds = (line: LedgerLine): boolean => isOf(line, 'hold') || isOf(line, 'withdraw');

function withdrawAgain(database: Database.Database, { key_id, organization_id }: LedgerLine): number {
  const ofKey = sql`${hostGrants.keyId} = ${key_id ?? null}`;
  const ofOrganization = sql`${hostGrants.organizationId} = ${organization_id ?? null}`;
  return drizzle(database).delete(hostGrants).where(and(ofKey, ofOrganization)).run().changes;
}

function revokeAgain(database: Database.Database, line: LedgerLine): number {
  const db = drizzle(database);
  const isIt = sql`${keys.id} = ${line.key_id ?? null}`;
  const atMs = Date.parse(line.at);
  const revoked = db
    .update(keys)
    .set({ revokedAtMs: atMs, revokedBy: line.by ?? 'restore', isDefault: false })
    .where(and(isIt, isNull(keys.revokedAtMs)))
    .run().changes;
  if (line.what !== 'removed') return revoked;
  // Also where the copy has revoked it already. The newest line of a key counts, so its removal comes last.
  const removed = db
    .update(keys)
    .set({ removedAtMs: atMs })
    .where(and(isIt, isNull(keys.removedAtMs)))
    .run().changes;
  return Math.max(removed, revoked);
}

/** The keys whose authority the change affected. */
function keysOf({ what, key_id, organization_id, user_id, group_id }: LedgerLine): SQL | undefined {
  const ofOrganization = sql`${keys.organizationId} = ${organization_id ?? null}`;
  if (what === 'user') return and(ofOrganization, sql`${keys.userId} = ${user_id ?? null}`);
  if (what !== 'group') return sql`${keys.id} = ${key_id ?? null}`;
  const members = sql`SELECT ${groupMembers.userId} FROM ${groupMembers} WHERE ${groupMembers.groupId} = ${group_id ?? null}`;
  return and(ofOrganization, inArray(keys.userId, sql`(${members})`));
}

/** Deletes or suspends organisations again. A resumed one stays as it is: the operator decides. */
function applyStatuses(
  database: Database.Database,
  lines: readonly LedgerLine[],
): Pick<Applied, 'revoked' | 'organizations'> {
  const db = drizzle(database);
  const last = new Map<string, LedgerLine>();
  for (const line of lines) {
    if (isOf(line, 'status') && line.organization_id !== undefined) last.set(line.organization_id, line);
  }
  let revoked = 0;
  let concerned = 0;
  for (const [id, { status, at }] of last) {
    if (status !== 'deleted' && status !== 'suspended') continue;
    const isIt = sql`${organizations.id} = ${id}`;
    const ended = and(isIt, ne(organizations.status, 'deleted'), ne(organizations.status, status));
    concerned += db.update(organizations).set({ status }).where(ended).run().changes;
    if (status === 'suspended') continue;
    revoked += revokeOfDeleted(database, id, Date.parse(at));
  }
  return { revoked, organizations: concerned };
}
