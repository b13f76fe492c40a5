import type Database from 'better-sqlite3';
import { AppError } from '../src/errors.ts';
import type { OrganizationId } from '../src/ids.ts';
import type { Keyspace } from '../src/keys/key-record.ts';
import { and, count, drizzle, inArray, ne } from './drizzle.ts';
import { organizations } from './schema.ts';
import { requireOrganizationId } from './tenant.ts';

/** The operator's own keyspace always stands. */
export function requireKeyspaceStanding(control: Database.Database, keyspace: Keyspace): void {
  if (keyspace !== 'operator') requireStanding(control, keyspace);
}

/** A deleted organisation gets nothing new, not even by an operator who was quicker to ask than to look. */
export const requireStanding = (control: Database.Database, organizationId: OrganizationId): void =>
  requireStandingOfAll(control, [organizationId]);

/** @throws NOT_FOUND where one of them is not there, or is deleted */
export function requireStandingOfAll(
  control: Database.Database,
  organizationIds: readonly OrganizationId[],
): void {
  const wanted = [...new Set(organizationIds.map(requireOrganizationId))];
  const standing = drizzle(control)
    .select({ organizations: count() })
    .from(organizations)
    .where(and(inArray(organizations.id, wanted), ne(organizations.status, 'deleted')))
    .get();
  if (standing?.organizations !== wanted.length) throw new AppError('NOT_FOUND');
}
