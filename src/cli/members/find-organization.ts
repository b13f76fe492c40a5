import { AppError } from '../../errors.ts';
import { parseOrganizationId } from '../../ids.ts';
import type { Organization } from '../../organization.ts';
import { readAllOrganizations } from '../../provisioning/all-organizations.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { quoted } from '../../words/did-you-mean.ts';

/**
 * The organisation that the operator named, deleted ones included.
 *
 * @throws NOT_FOUND for an unknown or malformed id: it names the store, since there may be another one
 */
export async function findOrganization(
  text: string,
  { store, storeLocation }: Services,
): Promise<Organization> {
  const id = parseOrganizationId(text);
  const organization = id && (await store.organizations.get(id));
  if (organization) return organization;
  const what = id
    ? `There is no organisation ${id}`
    : `Not an organisation id: ${quoted(text)}; expected org_ and 26 characters`;
  const named = (await readAllOrganizations(store.organizations)).filter(({ name }) => name === text);
  const meant = named.length === 1 ? ` ${quoted(text)} is ${named[0]?.id}.` : '';
  throw new AppError('NOT_FOUND', {
    message: `${what}.${meant} "tenantry orgs list" shows those in ${printable(storeLocation.name)}.`,
  });
}

/** @throws NOT_FOUND for an organisation that is deleted: it gets nobody and nothing new */
export async function requireUndeleted(org: string, services: Services): Promise<void> {
  const { id, status } = await findOrganization(org, services);
  if (status !== 'deleted') return;
  throw new AppError('NOT_FOUND', { message: `The organisation ${id} is deleted.` });
}
