import { AppError } from '../../../errors.ts';
import type { Identify } from '../../../identity/identify.ts';
import type { Identified, Presented } from '../../../identity/schemes/scheme.ts';
import { restSurfaceOf, type Surface, workspaceIn } from '../../../identity/surface.ts';
import type { KeyFormat } from '../../../keys/key-format.ts';
import type { Route } from '../router.ts';
import type { Arrived } from '../step-runner.ts';
import { announceDeprecation, announceEnd } from '../wire/write-answer.ts';
import type { Matched } from './match-route.ts';
import type { Audited } from './open-slot.ts';
import type { Received } from './receive-body.ts';

export type Authenticated = { readonly presented: Presented; readonly identified: Identified };

type Identity = Pick<Authenticated, 'identified'>;

export type AuthenticateDeps = {
  readonly identify: Identify;
  readonly format: KeyFormat;
  readonly now: () => number;
  /** In lower case. */
  readonly organizationHeader: string;
};

/** @throws 400, 401 and 403 for the credential and the organisation; METHOD_NOT_ALLOWED and NOT_FOUND once it is accepted */
export const authenticate =
  (deps: AuthenticateDeps) =>
  async (call: Arrived & Matched & Audited): Promise<Authenticated> => {
    const { response, slot, route } = call;
    const presented = presentedOf(call, deps.organizationHeader);
    announceDeprecation(response, presented.rawHeaders, deps.format);
    const identified = await deps.identify(presented);
    slot.note({ attribution: identified.attribution });
    announceEnd(response, identified.endOfLifeMs, deps.now());
    requireAnswered(route);
    return { presented, identified };
  };

/** A slow body can outlive its key: identify again. */
export const identifyAgain =
  ({ identify }: Pick<AuthenticateDeps, 'identify'>) =>
  ({ presented, wasAwaited }: Authenticated & Received): Promise<Identity> | undefined =>
    wasAwaited ? identify(presented).then((identified) => ({ identified })) : undefined;

function presentedOf(call: Arrived & Matched & Audited, organizationHeader: string): Presented {
  const { request, route, target, clientAddress } = call;
  const isOperator = route.kind === 'operator';
  return {
    rawHeaders: request.rawHeaders,
    headerName: organizationHeader,
    urlSegment: route.kind === 'mcp' ? route.urlSegment : undefined,
    surface: surfaceOf(route, target.pathname),
    workspaceId: route.kind === 'mcp' ? undefined : workspaceIn(target.pathname),
    adminOrganization: isOperator ? route.pathArguments.organization_id : undefined,
    clientAddress,
  };
}

function surfaceOf(route: Route, pathname: string): Surface {
  if (route.kind === 'mcp') return 'mcp';
  if (route.kind !== 'operator') return restSurfaceOf(pathname);
  return route.tool.access === 'admin-token' ? 'admin' : 'bootstrap';
}

/** Known only to callers whose credential was accepted. @throws METHOD_NOT_ALLOWED, NOT_FOUND */
function requireAnswered(route: Route): void {
  if (route.kind === 'sign-in') throw new AppError('NOT_FOUND');
  if (route.kind !== 'mcp' || route.isPost) return;
  throw new AppError('METHOD_NOT_ALLOWED', { data: { allow: ['POST'] } });
}
