import { presentsCredential } from '../../../identity/read-credential.ts';
import type { Protocol } from '../failure-response.ts';
import { isSignInPath } from '../public/sign-in.ts';
import type { Route, Router } from '../router.ts';
import type { Arrived } from '../step-runner.ts';
import { readTarget, type Target } from '../target.ts';

/** Where the request leads, and in which protocol it is answered. */
export type Matched = { readonly protocol: Protocol; readonly target: Target; readonly route: Route };

export type MatchDeps = { readonly router: Router };

/** @throws INVALID_HOST for a target in absolute form */
export const matchRoute =
  ({ router }: MatchDeps) =>
  ({ request }: Arrived): Matched => {
    const target = readTarget(request.url ?? '');
    const { protocol, route } = router.match(request.method ?? '', target.pathname);
    // A credential that comes along is judged as anywhere else, so that this is no way to try keys unseen.
    const isSignIn = route.kind === 'public' && route.allow.length === 0 && isSignInPath(target.pathname);
    if (!isSignIn || !presentsCredential(request.rawHeaders)) return { protocol, target, route };
    return { protocol: 'sign-in', target, route: { kind: 'sign-in' } };
  };
