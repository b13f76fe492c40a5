import type { PermissionMap } from '../scopes/permission-map.ts';
import { builtInScopes, type Scope } from '../scopes/scopes.ts';
import type { Permission } from './member.ts';
import type { Standing } from './member-store.ts';

export type PermissionRules = {
  readonly permissions: PermissionMap;
  /** The catalogue as it was configured, without the built-in scopes. */
  readonly configured: readonly Scope[];
};

/**
 * What of `stored` a user-bound key may use: what its owner's standing allows now. Nothing for somebody who
 * is inactive or no member. The built-in scopes are the admins' alone, whatever the map says.
 */
export function effectiveScopes(
  stored: readonly Scope[],
  standing: Standing | undefined,
  rules: PermissionRules,
): readonly Scope[] {
  if (standing === undefined || !standing.active) return [];
  if (standing.role === 'admin') return stored;
  const allowed = new Set(standing.permissions.flatMap((permission) => scopesOf(permission, rules)));
  for (const scope of builtInScopes) allowed.delete(scope);
  return stored.filter((scope) => allowed.has(scope));
}

/** A permission that the map does not name allows nothing, even where an object has a field by its name. */
function scopesOf(permission: Permission, { permissions, configured }: PermissionRules): readonly Scope[] {
  if (!Object.hasOwn(permissions, permission)) return [];
  const granted = permissions[permission] ?? [];
  return granted === '*' ? configured : granted;
}
