import type Database from 'better-sqlite3';
import { drizzle, gt, inArray } from '../../../db/sqlite/connection/drizzle.ts';
import { keyColumns } from '../../../db/sqlite/rows/key-rows.ts';
import { audit, keys } from '../../../db/sqlite/schema/schema.ts';
import { type AuditEvent, type ChainHead, chainPoint } from '../../../src/audit/audit-event.ts';
import { auditChain } from '../../../src/audit/chain/row-hash.ts';
import type { OrganizationId } from '../../../src/ids.ts';
import type { KeyRecord } from '../../../src/keys/key-record.ts';
import type { Act } from './acts.ts';

/** The rows of a store, as a connection of somebody else sees them. */
export type StoreView = {
  readonly keys: ReadonlyMap<string, KeyRecord>;
  /** In the order of the chain. */
  readonly events: readonly AuditEvent[];
  readonly rows: ReadonlyMap<string, readonly AuditEvent[]>;
};

/** The rows after `head`, and the keys of these organisations; everything where they are left out. */
export function readView(
  database: Database.Database,
  head: ChainHead,
  organizationIds?: readonly string[],
): StoreView {
  const db = drizzle(database);
  const theirs = organizationIds && inArray(keys.organizationId, organizationIds as OrganizationId[]); // As the server answered them.
  const found = db.select(keyColumns).from(keys).where(theirs).all();
  const events = db.select().from(audit).where(gt(audit.seq, head.seq)).orderBy(audit.seq).all();
  const rows = new Map<string, AuditEvent[]>();
  for (const event of events) {
    const known = rows.get(event.requestId);
    if (known === undefined) rows.set(event.requestId, [event]);
    else known.push(event);
  }
  return { keys: new Map(found.map((key) => [key.id, key])), events, rows };
}

export const isWhole = (database: Database.Database): boolean =>
  database.pragma('integrity_check', { simple: true }) === 'ok';

/** The head that `view` ends with; or where the chain breaks. */
export function walkChain(view: StoreView, from: ChainHead): ChainHead | string {
  let head = from;
  for (const event of view.events) {
    if (event.seq !== head.seq + 1) return `the chain has no row ${head.seq + 1}`;
    if (auditChain.hash(head.hash, event.seq, auditChain.values(event)) !== event.hash) {
      return `the chain breaks at row ${event.seq}`;
    }
    head = { ...chainPoint(event.seq), hash: event.hash };
  }
  return head;
}

/** What of acknowledged mutations is not in the store; empty where all of it is. */
export function lostActs(view: StoreView, acts: readonly Act[]): string[] {
  return acts.flatMap((act) => {
    const { kind, requestId, keyId, replacement } = act;
    const said = `${kind} of ${keyId} (${requestId})`;
    const rows = view.rows.get(requestId)?.filter((row) => row.kind === 'call').length ?? 0;
    const missing = rows === 1 ? [] : [`${said}: ${rows} audit rows`];
    return isDone(view, kind, keyId, replacement) ? missing : [...missing, `${said}: lost`];
  });
}

function isDone({ keys: found }: StoreView, kind: Act['kind'], keyId: string, replacement?: string): boolean {
  const key = found.get(keyId);
  if (key === undefined) return false;
  if (kind === 'mint') return true;
  if (kind === 'revoke') return key.revokedAtMs !== null;
  return replacement !== undefined && key.replacedBy === replacement && found.has(replacement);
}

/** Where keys and audit do not tell the same: every act has one row, and every row its act. */
export function disagreements(view: StoreView): string[] {
  const told = toldBy(view.events);
  const found: string[] = [];
  for (const key of view.keys.values()) {
    const made = told.get(`made ${keyName(key)}`) ?? 0;
    if (made !== 1) found.push(`key ${key.id}: ${made} rows tell that it was made`);
    const revoked = told.get(`revoked ${key.id}`) ?? 0;
    if (revoked !== (key.revokedAtMs === null ? 0 : 1)) {
      found.push(`key ${key.id}: revoked at ${key.revokedAtMs}, and ${revoked} rows tell so`);
    }
    const rotated = told.get(`rotated ${key.id} ${key.replacedBy}`) ?? 0;
    if (rotated !== (key.replacedBy === null ? 0 : 1)) {
      found.push(`key ${key.id}: replaced by ${key.replacedBy}, and ${rotated} rows tell so`);
    }
  }
  const names = new Set([...view.keys.values()].map(keyName));
  for (const fact of told.keys()) {
    const [what, name = ''] = fact.split(' ');
    if (what !== 'made' ? !view.keys.has(name) : !names.has(name)) {
      found.push(`a row tells of ${fact}, and there is no such key`);
    }
  }
  return found;
}

/** A row of a new organisation tells of its default key, without its id. */
const keyName = ({ id, name, organizationId }: KeyRecord): string =>
  name === 'Default key' ? String(organizationId) : id;

function toldBy(events: readonly AuditEvent[]): Map<string, number> {
  const told = new Map<string, number>();
  const tell = (fact: string) => told.set(fact, (told.get(fact) ?? 0) + 1);
  for (const { change, tool } of events) {
    if (change === null) continue;
    const { minted, rotated, replacement, revoked, organization } = JSON.parse(change);
    if (minted !== undefined) tell(`made ${minted}`);
    if (rotated !== undefined) tell(`rotated ${rotated} ${replacement}`);
    if (replacement !== undefined) tell(`made ${replacement}`);
    if (typeof revoked === 'string') tell(`revoked ${revoked}`);
    if (tool === 'create_organization') tell(`made ${organization}`);
  }
  return told;
}
