import type Database from 'better-sqlite3';
import { AppError } from '../../../src/errors.ts';
import type { OrganizationId } from '../../../src/ids.ts';
import type { Keyspace } from '../../../src/keys/key-record.ts';
import { and, count, drizzle, inArray, ne } from '../connection/drizzle.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import { organizations } from '../schema/schema.ts';

/**
 * Requires that the keyspace's organisation exists. The operator's keyspace always does.
 *
 * @throws NOT_FOUND
 */
export function requireKeyspaceStanding(control: Database.Database, keyspace: Keyspace): void {
  if (keyspace !== 'operator') requireExistingOrganization(control, keyspace);
}

/**
 * A deleted organisation gets nothing new, even if the operator started before the deletion.
 *
 * @throws NOT_FOUND
 */
export const requireExistingOrganization = (
  control: Database.Database,
  organizationId: OrganizationId,
): void => requireStandingOfAll(control, [organizationId]);

/**
 * Requires that all exist and none is deleted.
 *
 * @throws NOT_FOUND
 */
export function requireStandingOfAll(
  control: Database.Database,
  organizationIds: readonly OrganizationId[],
): void {
  const wanted = [...new Set(organizationIds.map(assertOrganizationId))];
  const standing = drizzle(control)
    .select({ organizations: count() })
    .from(organizations)
    .where(and(inArray(organizations.id, wanted), ne(organizations.status, 'deleted')))
    .get();
  if (standing?.organizations === wanted.length) return;
  throw new AppError('NOT_FOUND', { message: `Not there, or deleted: ${wanted.join(' or ')}.` });
}
