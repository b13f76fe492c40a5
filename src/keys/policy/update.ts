import { AppError } from '../errors.ts';
import { DAY_MS, type KeyRecord, type Restrictions } from './key-record.ts';
import type { KeyChange } from './key-store.ts';
import { inheritRestrictions, widerFields } from './restrictions.ts';

/** What may be changed on a key in place. Its scopes never are. */
export type UpdateRequest = {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  /** From now; only an earlier end than the present one. */
  readonly expiresInDays?: number | undefined;
  /** Only narrower ones than the present. */
  readonly restrictions?: Restrictions | undefined;
};

/** @throws VALIDATION_ERROR for nothing to change, a later expiry or wider restrictions */
export function decideUpdate(request: UpdateRequest, current: KeyRecord, nowMs: number): KeyChange {
  const { name, owner, purpose, expiresInDays, restrictions } = request;
  const change: KeyChange = {
    ...(name !== undefined && { name }),
    ...(owner !== undefined && { owner }),
    ...(purpose !== undefined && { purpose }),
    ...(expiresInDays !== undefined && { expiresAtMs: earlierExpiry(expiresInDays, current, nowMs) }),
    ...(restrictions !== undefined && { restrictions: narrowed(restrictions, current.restrictions) }),
  };
  if (Object.keys(change).length === 0) {
    throw new AppError('VALIDATION_ERROR', { message: 'Expected at least one field to change.' });
  }
  return change;
}

function earlierExpiry(days: number, { expiresAtMs }: KeyRecord, nowMs: number): number {
  const wanted = nowMs + days * DAY_MS;
  if (expiresAtMs === null || wanted <= expiresAtMs) return wanted;
  throw new AppError('VALIDATION_ERROR', {
    message: 'expires_in_days: expected an earlier end than the present one',
  });
}

function narrowed(wanted: Restrictions, present: Restrictions | null): Restrictions | null {
  const restrictions = inheritRestrictions(wanted, present);
  const [wider] = widerFields(restrictions, present);
  if (wider === undefined) return restrictions;
  throw new AppError('VALIDATION_ERROR', {
    message: `restrictions.${wider}: expected some of the present ones`,
  });
}
