import type { OrganizationPlace } from '../downstream/downstream.ts';
import { AppError } from '../errors.ts';
import { plainName, requireNoOrganization } from '../tool/gate.ts';
import { isNode } from './node.ts';

/** @throws ORGANIZATION_IN_ARGUMENTS for a value that names an organisation, however deep, in ours or the platform's word */
export function requireUnnamed(value: unknown, places: readonly OrganizationPlace[]): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) {
    requireNoOrganization(value);
    requireNoPlace(Object.keys(value), places);
  }
  for (const inner of Object.values(value)) requireUnnamed(inner, places);
}

/** @throws ORGANIZATION_IN_ARGUMENTS for a name that the platform might take for the organisation's */
export function requireNoPlace(names: readonly string[], places: readonly OrganizationPlace[]): void {
  const taken = places.map(({ name }) => plainName(name));
  if (names.some((name) => taken.includes(plainName(name)))) throw new AppError('ORGANIZATION_IN_ARGUMENTS');
}
