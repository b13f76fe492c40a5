import { AppError } from '../errors.ts';
import { noSuchOrganization, type Organization, requireOrganizationId } from '../organization.ts';
import type { Services } from '../services.ts';

/**
 * The organisation that the operator named, deleted ones included.
 *
 * @throws NOT_FOUND for an unknown or malformed id
 */
export async function findOrganization(text: string, { store }: Services): Promise<Organization> {
  const id = requireOrganizationId(text);
  const organization = await store.organizations.get(id);
  if (organization === undefined) throw noSuchOrganization(id);
  return organization;
}

/** @throws NOT_FOUND for an organisation that is deleted: it gets nobody and nothing new */
export async function requireUndeleted(org: string, services: Services): Promise<void> {
  const { id, status } = await findOrganization(org, services);
  if (status !== 'deleted') return;
  throw new AppError('NOT_FOUND', { message: `The organisation ${id} is deleted.` });
}
