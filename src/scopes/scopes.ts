/** A permission name such as `agent:search`: a resource and a verb. */
export type Scope = string;

/** Scopes of the key store itself: always in the catalogue, with every configuration. */
export const builtInScopes = ['key:read', 'key:write', 'member:read', 'member:write', 'audit:read'] as const;

const adminScopes: ReadonlySet<Scope> = new Set(['key:read', 'key:write', 'member:write']);

/** The scopes that make an admin of an organisation; a host key is never an admin. */
export const isAdminScope = (scope: Scope): boolean => adminScopes.has(scope);

/** The platform scopes that the shipped tools use, when the configuration names no others. */
export const defaultCatalogue = [
  'research_group:read',
  'research_group:write',
  'study:read',
  'study:write',
  'agent:read',
  'agent:write',
  'agent:search',
  'job:read',
  'job:write',
  'billing:read',
  'billing:write',
] as const;

/** What a key gets when nobody says otherwise: reading, and searching agents. */
export const defaultCanonicalScopes = [
  'research_group:read',
  'study:read',
  'agent:read',
  'job:read',
  'agent:search',
] as const;

/** A canonical set as the store keeps it; `version` counts up from 1, one for each change of the set. */
export type CanonicalSet = { readonly version: number; readonly scopes: readonly Scope[] };

/** Every scope that exists here: the configured ones, then the built-in ones. */
export type Catalogue = {
  readonly scopes: readonly Scope[];
  /** The scopes of `wanted` that are not in the catalogue. */
  unknown(wanted: readonly Scope[]): readonly Scope[];
};

export function createCatalogue(configured: readonly Scope[]): Catalogue {
  const scopes = Object.freeze([...new Set([...configured, ...builtInScopes])]);
  return { scopes, unknown: (wanted) => wanted.filter((scope) => !scopes.includes(scope)) };
}
