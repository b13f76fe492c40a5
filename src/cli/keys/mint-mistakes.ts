import { AppError } from '../../errors.ts';
import { parseUserId } from '../../ids.ts';
import type { Services } from '../../server/services.ts';
import { quoted, unknownNames } from '../../words/did-you-mean.ts';
import { findOrganization, requireUndeleted } from '../members/find-organization.ts';
import { userListing } from '../members/operate-members.ts';

type Named = {
  readonly org?: string;
  readonly for?: readonly string[];
  readonly user?: string;
  readonly scopes?: readonly string[];
  readonly add?: readonly string[];
};

/** Every name that means nothing here, at once. @throws AggregateError of AppErrors, one for each option */
export async function requireMintable(named: Named, services: Services): Promise<void> {
  const { org, for: organizations = [], user, scopes, add } = named;
  const checks = [
    ...(org === undefined ? [] : [requireUndeleted(org, services)]),
    ...organizations.map((each) => requireUndeleted(each, services)),
    ...(org === undefined || user === undefined ? [] : [requireMember(org, user, services)]),
    requireKnownScopes(scopes ?? add ?? [], scopes === undefined ? '--add' : '--scopes', services),
  ];
  const refused = (await Promise.allSettled(checks)).flatMap((each) =>
    each.status === 'rejected' && each.reason !== undefined ? [each.reason] : [],
  );
  if (refused.length > 0) throw new AggregateError(refused);
}

/** Nobody is a member of an organisation that is not there; that is said of `--org` itself. */
async function requireMember(org: string, user: string, services: Services): Promise<void> {
  const found = await findOrganization(org, services).catch(() => undefined);
  if (found === undefined) return;
  const id = parseUserId(user);
  const member = id && (await services.store.members.get(found.id, id));
  if (member?.active) return;
  const what = member ? `${quoted(user)} is inactive` : `${found.id} has no member ${quoted(user)}`;
  throw new AppError('INVALID_USER', {
    message: `--user: ${what}; "tenantry ${userListing(found.id).listing}" shows its people.`,
  });
}

async function requireKnownScopes(
  asked: readonly string[],
  option: string,
  services: Services,
): Promise<void> {
  const { scopes, unknown } = services.mintRules.catalogue;
  const lacking = unknown(asked);
  if (lacking.length === 0) return;
  throw new AppError('VALIDATION_ERROR', { message: `${option}: ${unknownNames(lacking, scopes)}` });
}
