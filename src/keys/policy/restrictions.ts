import { AppError } from '../../errors.ts';
import type { Restrictions } from '../key-record.ts';

const fields = ['tools', 'workspace_ids', 'addresses'] as const satisfies readonly (keyof Restrictions)[];

/** `asked`, with missing fields taken from `limit`. */
export function inheritRestrictions(
  asked: Restrictions | null,
  limit: Restrictions | null,
): Restrictions | null {
  if (limit === null) return asked;
  return {
    tools: asked?.tools ?? limit.tools,
    workspace_ids: asked?.workspace_ids ?? limit.workspace_ids,
    addresses: asked?.addresses ?? limit.addresses,
  };
}

/** The fields in which `restrictions` allows something that `limit` does not. A missing field allows everything. */
export function widerFields(restrictions: Restrictions | null, limit: Restrictions | null) {
  return fields.filter((field) => {
    const allowed = limit?.[field];
    if (allowed === undefined) return false;
    return restrictions?.[field]?.every((entry) => allowed.includes(entry)) !== true;
  });
}

/** Compares the fields as sets: order and duplicates do not matter. */
export const isSameRestrictions = (one: Restrictions | null, other: Restrictions | null): boolean =>
  widerFields(one, other).length === 0 && widerFields(other, one).length === 0;

/**
 * A restricted key grants only keys that are restricted at least as much.
 *
 * @throws SCOPE_ESCALATION
 */
export function requireAsRestricted(granted: Restrictions | null, own: Restrictions | null): void {
  const wider = widerFields(granted, own);
  if (wider.length === 0) return;
  throw new AppError('SCOPE_ESCALATION', {
    message: 'Nobody grants a key that is restricted less than their own.',
    data: { beyond: wider.map((field) => `restrictions.${field}`) },
  });
}
