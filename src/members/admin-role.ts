import { AppError } from '../errors.ts';
import type { ActorKey } from '../keys/key-store.ts';
import { requireUnreplaced } from '../keys/policy/require-actor.ts';
import type { Actor } from './actor.ts';
import type { Member } from './member.ts';

/**
 * An admin may do more than `member:write` allows, so this scope cannot make admins: only an admin's user-bound key or
 * the operator can. Checked inside the transaction against the calling key as it is now.
 *
 * @throws FORBIDDEN
 */
export function requireMayMakeAdmin({ keyId }: Actor, actorKey: ActorKey | null): void {
  if (keyId === null) return;
  if (actorKey?.ownerRole !== 'admin') {
    throw new AppError('FORBIDDEN', {
      message:
        "role: only an admin, by a user-bound key of their own, or the operator gives the role admin; 'member' may be given with member:write",
    });
  }
  requireUnreplaced(actorKey);
}

/** Whether the change makes an admin. Reactivating an inactive admin does. */
export const makesAdmin = (before: Member, after: Pick<Member, 'role' | 'active'>): boolean =>
  after.role === 'admin' && (before.role !== 'admin' || (after.active && !before.active));
