import type { PermissionMap } from '../scopes/permission-map.ts';
import { builtInScopes, type Scope } from '../scopes/scopes.ts';
import type { Permission } from './member.ts';
import type { Membership } from './member-store.ts';

export type PermissionRules = {
  readonly permissions: PermissionMap;
  /** The configured catalogue, without the built-in scopes. */
  readonly configured: readonly Scope[];
};

/**
 * The part of `stored` that a user-bound key may use now, by its owner's membership. Nothing for an inactive person or
 * a non-member. Only admins get the built-in scopes, even when the map grants them.
 */
export function effectiveScopes(
  stored: readonly Scope[],
  membership: Membership | undefined,
  rules: PermissionRules,
): readonly Scope[] {
  if (membership === undefined || !membership.active) return [];
  if (membership.role === 'admin') return stored;
  const allowed = new Set(membership.permissions.flatMap((permission) => scopesOf(permission, rules)));
  for (const scope of builtInScopes) allowed.delete(scope);
  return stored.filter((scope) => allowed.has(scope));
}

/** A permission that is not in the map grants nothing, even if its name is a property of every object. */
function scopesOf(permission: Permission, { permissions, configured }: PermissionRules): readonly Scope[] {
  if (!Object.hasOwn(permissions, permission)) return [];
  const granted = permissions[permission] ?? [];
  return granted === '*' ? configured : granted;
}
