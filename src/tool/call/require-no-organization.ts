import type { OrganizationLocation } from '../../downstream/downstream.ts';
import { namesOrganization, organizationNames } from '../../downstream/organization/organization-name.ts';
import { AppError } from '../../errors.ts';
import { isNode } from '../../json-schema/node.ts';

/** @throws ORGANIZATION_IN_ARGUMENTS even where the value is the right one, so that no client learns to send it */
export function requireNoOrganization(rawArguments: Readonly<Record<string, unknown>>): void {
  for (const name of Object.keys(rawArguments)) {
    if (namesOrganization(name)) throw new AppError('ORGANIZATION_IN_ARGUMENTS');
  }
}

/** @throws ORGANIZATION_IN_ARGUMENTS for a value in which a name is the organisation's, however deep */
export function requireNoOrganizationDeep(value: unknown, isOrganization: (name: string) => boolean): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value) && Object.keys(value).some(isOrganization))
    throw new AppError('ORGANIZATION_IN_ARGUMENTS');
  for (const inner of Object.values(value)) requireNoOrganizationDeep(inner, isOrganization);
}

const namesByLocation = new WeakMap<OrganizationLocation, (name: string) => boolean>();

/**
 * The same for a tool of one's own. What it declares at its top is its author's to mean; below that, in an object that
 * takes any name, a name is the platform's.
 *
 * @throws ORGANIZATION_IN_ARGUMENTS
 */
export function requireNoOrganizationInside(
  input: Readonly<Record<string, unknown>>,
  place: OrganizationLocation,
): void {
  let isOrganization = namesByLocation.get(place);
  if (isOrganization === undefined) {
    // The place of a path, such as `{id}`, is no name of a field.
    isOrganization = organizationNames(place.in === 'path' ? [] : [place.name]);
    namesByLocation.set(place, isOrganization);
  }
  for (const inner of Object.values(input)) requireNoOrganizationDeep(inner, isOrganization);
}
