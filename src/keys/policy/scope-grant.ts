import { AppError } from '../../errors.ts';
import { grantsAnything, type Principal } from '../../principal.ts';
import { type CanonicalSet, type Catalogue, isAdminScope, type Scope } from '../../scopes/scopes.ts';
import { unknownNames } from '../../words/did-you-mean.ts';
import type { KeyRecord } from '../key-record.ts';
import type { MintRequest } from './mint-request.ts';

/** The scopes of a key and their origin. */
export type ScopeGrant = Pick<KeyRecord, 'scopes' | 'scopeSource' | 'canonicalVersion'>;

/** Exactly these scopes, which later canonical sets do not change. */
export const explicitGrant = (scopes: readonly Scope[]): ScopeGrant => ({
  scopes,
  scopeSource: 'explicit',
  canonicalVersion: null,
});

type Asked = Pick<MintRequest, 'scopeType' | 'scopes' | 'additionalScopes'>;

/**
 * The requested scopes: the canonical set, the canonical set with additional scopes, or exactly those given.
 *
 * @throws VALIDATION_ERROR
 */
export function decideGrant(request: Asked, canon: CanonicalSet, catalogue: Catalogue): ScopeGrant {
  const { scopes, additionalScopes } = request;
  if (scopes !== undefined && additionalScopes !== undefined) {
    throw new AppError('VALIDATION_ERROR', { message: 'scopes, additional_scopes: expected one of the two' });
  }
  requireKnown(request, catalogue);
  if (scopes !== undefined) return explicitGrant([...new Set(scopes)]);
  const extras = (additionalScopes ?? []).filter((scope) => !canon.scopes.includes(scope));
  return {
    scopes: [...new Set([...canon.scopes, ...extras])],
    scopeSource: extras.length > 0 ? 'canonical+extra' : 'canonical',
    canonicalVersion: canon.version,
  };
}

function requireKnown({ scopeType, scopes, additionalScopes }: Asked, catalogue: Catalogue): void {
  const asked = scopes ?? additionalScopes ?? [];
  const field = scopes === undefined ? 'additional_scopes' : 'scopes';
  const unknown = catalogue.unknown(asked);
  if (unknown.length > 0) {
    const message = `${field}: ${unknownNames(unknown, catalogue.scopes)}`;
    throw new AppError('VALIDATION_ERROR', { message });
  }
  // Host keys and workspace tokens act on data. They never manage keys or people.
  const managing = scopeType === 'host' || scopeType === 'workspace' ? asked.filter(isAdminScope) : [];
  if (managing.length > 0) {
    throw new AppError('VALIDATION_ERROR', {
      message: `${field}: expected none that manages keys or people, got ${managing.join(', ')}`,
    });
  }
}

/**
 * Nobody grants a scope that they do not hold: allowed are the canonical set and the caller's effective scopes.
 *
 * @throws SCOPE_ESCALATION
 */
export function requireHeld(granted: readonly Scope[], principal: Principal, canon: CanonicalSet): void {
  if (grantsAnything(principal)) return;
  const beyond = granted.filter(
    (scope) => !canon.scopes.includes(scope) && !principal.scopes.includes(scope),
  );
  if (beyond.length === 0) return;
  const message = `Nobody grants a scope that they do not hold: ${beyond.join(', ')}.`;
  throw new AppError('SCOPE_ESCALATION', { message, data: { beyond } });
}
