import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import { isKeyShaped } from '../token-shape.ts';
import { readCredential } from './credential.ts';
import { identifyAdmin, identifyOperator, type OperatorDeps } from './identify-admin.ts';
import { identifyKey, type KeyDeps } from './identify-key.ts';
import type { OrganizationSignals } from './organization-signals.ts';
import type { Surface } from './surface.ts';

export type IdentityDeps = KeyDeps & OperatorDeps;

/** What a request shows of its caller: the headers as they came, the URL's organisation, where it came in, and from. */
export type Presented = OrganizationSignals & {
  readonly surface: Surface;
  readonly clientAddress: string | null;
  /** The segment of `/workspaces/{workspace_id}/…` as it came; undefined on every other path. */
  readonly workspaceId: string | undefined;
};

/** A settled caller, and the question whether its credential still is what it was. */
export type Identified = {
  readonly caller: Caller;
  /** When the key ends by itself, in milliseconds since 1970; null for one that does not. */
  readonly endOfLifeMs: number | null;
  readonly stillValid: () => Promise<boolean>;
};

/**
 * Who calls, and for which organisation: the credential decides the set, every signal must agree. The looks of
 * the credential choose the tier, and a failure there is final. Nothing is cached: the store is read on each
 * request, so that a revocation holds on the next one.
 *
 * @throws 400 and 401 for the credential, then 400 and 403 for the organisation; 503 where the store cannot answer
 */
export async function identify(
  presented: Presented,
  slot: AuditSlot,
  deps: IdentityDeps,
): Promise<Identified> {
  const credential = requireCredential(presented);
  if (isKeyShaped(credential)) return identifyKey(credential, presented, slot, deps);
  return identifyAdmin(credential, presented, slot, deps);
}

/**
 * The one who may use `/admin`, where the path names the organisation, if one is meant.
 *
 * @throws FORBIDDEN for any key; ORGANIZATION_MISMATCH where a header names another than the path
 */
export async function requireOperator(
  presented: Presented,
  pathOrganization: string | undefined,
  slot: AuditSlot,
  deps: IdentityDeps,
): Promise<void> {
  const credential = requireCredential(presented);
  if (!isKeyShaped(credential)) return identifyOperator(credential, presented, pathOrganization, slot, deps);
  await identifyKey(credential, presented, slot, deps);
  throw new AppError('FORBIDDEN');
}

function requireCredential({ rawHeaders }: Presented): string {
  const credential = readCredential(rawHeaders);
  if (credential === undefined) throw new AppError('AUTHENTICATION_REQUIRED');
  return credential;
}
