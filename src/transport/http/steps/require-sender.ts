import { requireAllowedHost, requireAllowedOrigin } from '../host-check.ts';
import type { PublicRoutes } from '../public/public-routes.ts';
import type { Arrived } from '../step-runner.ts';
import type { Matched } from './match-route.ts';

export type SenderDeps = {
  readonly allowedHosts: ReadonlySet<string>;
  readonly publicRoutes: PublicRoutes;
  readonly isAllowedOrigin: (origin: string) => boolean;
};

/** @throws INVALID_HOST, HOST_NOT_ALLOWED */
export const requireHost =
  ({ allowedHosts, publicRoutes }: Omit<SenderDeps, 'isAllowedOrigin'>) =>
  ({ request, target }: Arrived & Matched): undefined => {
    if (!publicRoutes.skipHostCheck(target.pathname)) requireAllowedHost(request.rawHeaders, allowedHosts);
  };

/** Undefined where none was sent, as by everything but a browser. */
export type Sent = { readonly origin: string | undefined };

/** @throws ORIGIN_NOT_ALLOWED */
export const requireOrigin =
  ({ isAllowedOrigin }: Pick<SenderDeps, 'isAllowedOrigin'>) =>
  ({ request }: Arrived): Sent => ({ origin: requireAllowedOrigin(request.rawHeaders, isAllowedOrigin) });
