import type { OrganizationPlace } from '../downstream/downstream.ts';
import { AppError } from '../errors.ts';
import { isNode } from '../json-schema/node.ts';
import { plainName, requireNoOrganization } from './gate.ts';

/** @throws ORGANIZATION_IN_ARGUMENTS for a value that names an organisation, however deep, in ours or the platform's word */
export function requireUnnamed(value: unknown, places: readonly OrganizationPlace[]): void {
  walk(value, new Set(places.map(({ name }) => plainName(name))));
}

function walk(value: unknown, taken: ReadonlySet<string>): void {
  if (typeof value !== 'object' || value === null) return;
  if (isNode(value)) {
    requireNoOrganization(value);
    if (Object.keys(value).some((name) => taken.has(plainName(name))))
      throw new AppError('ORGANIZATION_IN_ARGUMENTS');
  }
  for (const inner of Object.values(value)) walk(inner, taken);
}
