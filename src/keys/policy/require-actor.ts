import { AppError } from '../../errors.ts';
import { grantsAnything, type Principal } from '../../principal.ts';
import { builtInScopes } from '../../scopes/scopes.ts';
import { isLive } from '../key-record.ts';
import type { ActorKey } from '../key-store.ts';

/**
 * Checks the calling key again at commit: it may have been revoked since the gate, or its owner may have left or lost
 * the admin role.
 *
 * @throws INVALID_TOKEN, FORBIDDEN
 */
export function requireLiveActor(principal: Principal, actor: ActorKey | null, nowMs: number): void {
  if (grantsAnything(principal)) return;
  if (actor === null || !isLive(actor, nowMs)) throw new AppError('INVALID_TOKEN');
  if (actor.scopeType !== 'user') return;
  if (actor.ownerRole === null) throw new AppError('INVALID_TOKEN');
  if (actsAsAdmin(principal) && actor.ownerRole !== 'admin') throw new AppError('FORBIDDEN');
}

/**
 * Among user-bound keys only those of admins have built-in scopes, so a principal with one passed the gate as an admin.
 */
const actsAsAdmin = ({ isAdmin, scopes }: Principal): boolean =>
  isAdmin || builtInScopes.some((scope) => scopes.includes(scope));

/**
 * Requires a live calling key that is not being replaced.
 *
 * @throws INVALID_TOKEN, FORBIDDEN
 */
export function requireKeyManager(principal: Principal, actor: ActorKey | null, nowMs: number): void {
  requireLiveActor(principal, actor, nowMs);
  requireUnreplaced(actor);
}

/**
 * A key in its grace may finish its work, but must not create or change what outlives it.
 *
 * @throws FORBIDDEN
 */
export function requireUnreplaced(actor: ActorKey | null): void {
  if (actor === null || actor.graceUntilMs === null) return;
  const { successor } = actor;
  if (successor === null || successor.revokedAtMs !== null) {
    throw new AppError('FORBIDDEN', {
      message:
        'This key was replaced, and its replacement was revoked; another admin key or the operator must do this.',
    });
  }
  throw new AppError('FORBIDDEN', {
    message: `This key is being replaced by ${successor.prefix}; use that one for this.`,
    data: { replaced_by: successor.prefix },
  });
}
