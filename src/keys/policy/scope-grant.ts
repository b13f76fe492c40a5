import { AppError } from '../errors.ts';
import { type CanonicalSet, type Catalogue, isAdminScope, type Scope } from '../scopes/scopes.ts';
import type { KeyRecord } from './key-record.ts';
import type { Minter, MintRequest } from './mint.ts';

/** What a key is given to do, and where it comes from. */
export type ScopeGrant = Pick<KeyRecord, 'scopes' | 'scopeSource' | 'canonicalVersion'>;

type Asked = Pick<MintRequest, 'scopeType' | 'scopes' | 'additionalScopes'>;

/** The scopes that a minting asks for: the canonical set, that and more, or exactly those. @throws VALIDATION_ERROR */
export function decideGrant(request: Asked, canon: CanonicalSet, catalogue: Catalogue): ScopeGrant {
  const { scopes, additionalScopes } = request;
  if (scopes !== undefined && additionalScopes !== undefined) {
    throw new AppError('VALIDATION_ERROR', { message: 'scopes, additional_scopes: expected one of the two' });
  }
  requireKnown(request, catalogue);
  if (scopes !== undefined)
    return { scopes: [...new Set(scopes)], scopeSource: 'explicit', canonicalVersion: null };
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
  if (catalogue.unknown(asked).length > 0) {
    const message = `${field}: expected scopes of the catalogue, ${catalogue.scopes.join(', ')}`;
    throw new AppError('VALIDATION_ERROR', { message });
  }
  // These act on data; they never manage keys or people.
  if ((scopeType === 'host' || scopeType === 'workspace') && asked.some(isAdminScope)) {
    throw new AppError('VALIDATION_ERROR', {
      message: `${field}: expected none that manages keys or people`,
    });
  }
}

/** Nobody grants what they do not hold: at most the canonical set and the caller's own effective scopes. */
export function requireHeld(granted: readonly Scope[], minter: Minter, canon: CanonicalSet): void {
  if (!('caller' in minter)) return;
  const beyond = granted.filter(
    (scope) => !canon.scopes.includes(scope) && !minter.caller.scopes.includes(scope),
  );
  if (beyond.length > 0) throw new AppError('SCOPE_ESCALATION', { data: { beyond } });
}
