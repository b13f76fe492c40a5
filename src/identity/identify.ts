import { AppError } from '../errors.ts';
import { readCredential } from './read-credential.ts';
import { type AdminTokenDeps, adminToken } from './schemes/admin-token.ts';
import { type ApiKeyDeps, apiKey } from './schemes/api-key.ts';
import { type BootstrapDeps, bootstrapCode } from './schemes/bootstrap-code.ts';
import type { Identified, Presented, Scheme } from './schemes/scheme.ts';

export type IdentityDeps = ApiKeyDeps & AdminTokenDeps & BootstrapDeps;

export type Identify = (presented: Presented) => Promise<Identified>;

/** Every way to authenticate. At most one scheme claims a request, so their order decides nothing. */
export const schemesOf = (deps: IdentityDeps): readonly Scheme[] => [
  bootstrapCode(deps),
  apiKey(deps),
  adminToken(deps),
];

/**
 * Authenticates a request and selects its organisation. The credential decides which organisations are open to it;
 * every signal of the request must agree. The credential's format selects the scheme, and its refusal is final. Nothing
 * is cached: each request reads the store, so a revocation takes effect on the next one.
 *
 * @throws AppError: 400 and 401 for the credential, then 400 and 403 for the organisation; 503 when the store cannot
 * answer
 */
export function createIdentify(deps: IdentityDeps): Identify {
  const schemes = schemesOf(deps);
  return async (presented) => {
    const { surface } = presented;
    const credential = surface === 'bootstrap' ? undefined : readCredential(presented.rawHeaders);
    const scheme = schemes.find((each) => each.claims(surface, credential));
    if (scheme === undefined) throw new AppError('AUTHENTICATION_REQUIRED');
    return scheme.identify(presented, credential ?? '');
  };
}
