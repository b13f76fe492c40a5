import type { OrganizationId } from '../ids.ts';
import type { AuditRow } from './audit-event.ts';

/**
 * The row of a change, to be written in the change's own transaction; where that starts again the newest row counts.
 * `concerned` is the organisation whose audit shows an act of the operator.
 *
 * @throws CANCELLED where the call ended while the change waited for the store: it then changes nothing
 */
export type RowOfChange = (change: Readonly<Record<string, unknown>>, concerned?: OrganizationId) => AuditRow;

/**
 * The only way to change anything. `write` is one transaction that writes the row it asks for, and asks for none where
 * it changes nothing: it resolves once all of it is committed, and rejects where none of it is.
 */
export type Mutate = <T>(write: (row: RowOfChange) => Promise<T>) => Promise<T>;
