import { AppError } from '../errors.ts';
import type { Restrictions } from './key-record.ts';

const fields = ['tools', 'workspace_ids', 'addresses'] as const satisfies readonly (keyof Restrictions)[];

/** `asked`, and what `limit` says where `asked` says nothing. */
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

/** In which fields a key with `restrictions` may do something that one with `limit` may not: wider, or missing. */
export function widerFields(restrictions: Restrictions | null, limit: Restrictions | null) {
  return fields.filter((field) => {
    const allowed = limit?.[field];
    if (allowed === undefined) return false;
    return restrictions?.[field]?.every((entry) => allowed.includes(entry)) !== true;
  });
}

/** A restricted key grants only what is restricted at least as it is. @throws SCOPE_ESCALATION */
export function requireAsRestricted(granted: Restrictions | null, own: Restrictions | null): void {
  const wider = widerFields(granted, own);
  if (wider.length === 0) return;
  throw new AppError('SCOPE_ESCALATION', {
    message: 'Nobody grants a key that is restricted less than their own.',
    data: { beyond: wider.map((field) => `restrictions.${field}`) },
  });
}
