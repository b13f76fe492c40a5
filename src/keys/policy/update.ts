import { AppError } from '../../errors.ts';
import { DAY_MS, type KeyRecord, type Restrictions } from '../key-record.ts';
import type { KeyChange } from '../key-store.ts';
import { inheritRestrictions, isSameRestrictions, widerFields } from './restrictions.ts';

/** What may change on an existing key. Its scopes never change. */
export type UpdateRequest = {
  readonly name?: string | undefined;
  readonly owner?: string | undefined;
  readonly purpose?: string | undefined;
  /** From now, in days. It must be earlier than the present end. */
  readonly expiresInDays?: number | undefined;
  /** Must be narrower than the present ones. */
  readonly restrictions?: Restrictions | undefined;
};

/**
 * The change to make; null when nothing differs.
 *
 * @throws VALIDATION_ERROR for no field, a later expiry or wider restrictions
 */
export function decideUpdate(request: UpdateRequest, current: KeyRecord, nowMs: number): KeyChange | null {
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
  const differing = Object.entries(change).filter(
    ([name, value]) => current[name as keyof KeyChange] !== value, // Every name in `change` is a field of a key.
  );
  return differing.length === 0 ? null : change;
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
  if (wider === undefined) return isSameRestrictions(restrictions, present) ? present : restrictions;
  throw new AppError('VALIDATION_ERROR', {
    message: `restrictions.${wider}: expected some of the present ones`,
  });
}
