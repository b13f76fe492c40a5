import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Sent } from './clients.ts';

export type Compared = {
  readonly failures: readonly string[];
  readonly answered: number;
  readonly refused: number;
  /** Refusals beyond those that have a row of their own each minute; a summary row counts them. */
  readonly summedUp: number;
  /** Sent on an idle connection as the server closed it, or on one that it never took: it knew nothing of them. */
  readonly onClosingConnection: number;
  readonly onNewConnection: number;
};

/**
 * What the clients know against what the audit and the platform do. A request with a row, or that was sent on, was
 * accepted, so it must have been answered; one that was answered without a row is a call that nobody can trace.
 */
export function compare(dir: string, sent: readonly Sent[], atPlatform: ReadonlySet<string>): Compared {
  const file = new Database(join(dir, 'tenantry.db'), { readonly: true });
  const find = file.prepare('SELECT status, error_code AS code FROM audit WHERE on_behalf_of = ?');
  const failures: string[] = [];
  let [answered, refused, summedUp, onClosingConnection, onNewConnection] = [0, 0, 0, 0, 0];
  for (const { marker, outcome, wasReused } of sent) {
    const rows = find.all(marker) as { status: number; code: string | null }[];
    const shown = rows.map(({ status, code }) => `${status} ${code ?? ''}`).join();
    if (outcome.answered) {
      answered += 1;
      if (outcome.status === 503) refused += 1;
      const isTraced = rows.length === 1 && rows[0]?.status === outcome.status;
      if (rows.length === 0 && outcome.body.includes('"SHUTTING_DOWN"')) summedUp += 1;
      else if (!isTraced && !isUnwritable(outcome.body))
        failures.push(`${marker}: answered ${outcome.status}, in the audit: ${shown || 'nothing'}`);
    } else if (rows.length > 0) failures.push(`${marker}: accepted (${shown}) and not answered`);
    else if (atPlatform.has(marker)) failures.push(`${marker}: sent on to the platform and not answered`);
    else if (wasReused) onClosingConnection += 1;
    else onNewConnection += 1;
  }
  const integrity = file.pragma('integrity_check', { simple: true });
  if (integrity !== 'ok') failures.push(`the store is not whole: ${integrity}`);
  file.close();
  return { failures, answered, refused, summedUp, onClosingConnection, onNewConnection };
}

/** A row that could not be written is why the caller was told so. */
const isUnwritable = (body: string): boolean => body.includes('"STORE_BUSY"');

/** How many refusals the summary rows count. */
export const summarized = (dir: string): number =>
  ask(dir, "SELECT coalesce(sum(change ->> '$.unwritten'), 0) FROM audit WHERE kind = 'summary'");

export const countRows = (dir: string, which: string): number =>
  ask(dir, `SELECT count(*) FROM audit WHERE kind = 'call' AND ${which}`);

function ask(dir: string, sql: string): number {
  const file = new Database(join(dir, 'tenantry.db'), { readonly: true });
  const answer = Number(file.prepare(sql).pluck().get());
  file.close();
  return answer;
}
