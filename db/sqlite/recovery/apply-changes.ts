import type Database from 'better-sqlite3';
import type { SQL } from 'drizzle-orm';
import type { Reckoning } from '../src/store.ts';
import { and, drizzle, inArray, isNull, ne, sql } from './drizzle.ts';
import type { LedgerLine } from './ledger-file.ts';
import { groupMembers } from './member-schema.ts';
import { hostGrants, keys, organizations } from './schema.ts';

type Applied = Omit<Reckoning, 'coverage'>;

/** What each line means for a store that lacks it. */
const meanings = {
  revoked: 'revoke',
  removed: 'revoke',
  rotated: 'hold',
  changed: 'hold',
  withdrawn: 'withdraw',
  user: 'hold',
  group: 'hold',
  organization: 'status',
  // Of a key that is not there, or of what this store goes through again by itself.
  minted: 'nothing',
  held: 'nothing',
  confirmed: 'nothing',
  begun: 'nothing',
  settled: 'nothing',
  checkpoint: 'nothing',
} as const;

/** A newer program may have written of changes that this one cannot judge. */
export const isKnownChange = ({ what }: LedgerLine): boolean => Object.hasOwn(meanings, what);

/** To be called inside a `BEGIN IMMEDIATE`. Answers how many keys and organisations were concerned. */
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

const isOf = ({ what }: LedgerLine, meaning: string): boolean =>
  (meanings as Readonly<Record<string, string>>)[what] === meaning;

/** What lost a grant is held as well: it changed, and its operator should look at it. */
const holds = (line: LedgerLine): boolean => isOf(line, 'hold') || isOf(line, 'withdraw');

function withdrawAgain(database: Database.Database, { key_id, organization_id }: LedgerLine): number {
  const ofKey = sql`${hostGrants.keyId} = ${key_id ?? null}`;
  const ofOrganization = sql`${hostGrants.organizationId} = ${organization_id ?? null}`;
  return drizzle(database).delete(hostGrants).where(and(ofKey, ofOrganization)).run().changes;
}

function revokeAgain(database: Database.Database, line: LedgerLine): number {
  const atMs = Date.parse(line.at);
  const removal = line.what === 'removed' ? { removedAtMs: atMs } : {};
  return drizzle(database)
    .update(keys)
    .set({ revokedAtMs: atMs, revokedBy: line.by ?? 'restore', isDefault: false, ...removal })
    .where(and(sql`${keys.id} = ${line.key_id ?? null}`, isNull(keys.revokedAtMs)))
    .run().changes;
}

/** The keys whose authority the line's change concerned, whatever the change was. */
function keysOf({ what, key_id, organization_id, user_id, group_id }: LedgerLine): SQL | undefined {
  const ofOrganization = sql`${keys.organizationId} = ${organization_id ?? null}`;
  if (what === 'user') return and(ofOrganization, sql`${keys.userId} = ${user_id ?? null}`);
  if (what !== 'group') return sql`${keys.id} = ${key_id ?? null}`;
  const members = sql`SELECT ${groupMembers.userId} FROM ${groupMembers} WHERE ${groupMembers.groupId} = ${group_id ?? null}`;
  return and(ofOrganization, inArray(keys.userId, sql`(${members})`));
}

/** An organisation ends again, or is suspended again; one that was resumed since stays as it is, for its operator. */
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
    const change = { revokedAtMs: Date.parse(at), revokedBy: 'organization-deleted', isDefault: false };
    const live = and(sql`${keys.organizationId} = ${id}`, isNull(keys.revokedAtMs));
    revoked += db.update(keys).set(change).where(live).run().changes;
  }
  return { revoked, organizations: concerned };
}
