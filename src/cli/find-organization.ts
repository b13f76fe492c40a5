import { AppError } from '../errors.ts';
import { type OrganizationId, parseOrganizationId } from '../ids.ts';
import type { Organization } from '../organization.ts';
import { printable } from '../printable.ts';
import type { Services } from '../services.ts';

/** @throws NOT_FOUND for a text that is no organisation id */
export function requireOrganizationId(text: string): OrganizationId {
  const id = parseOrganizationId(text);
  if (id !== undefined) return id;
  throw new AppError('NOT_FOUND', {
    message: `"${printable(text)}" is no organisation id; expected org_ and 26 characters.`,
  });
}

export const noSuchOrganization = (id: OrganizationId): AppError =>
  new AppError('NOT_FOUND', { message: `There is no organisation ${id}.` });

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
