import type Database from 'better-sqlite3';
import { and, eq, ne } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { AppError } from '../src/errors.ts';
import type { OrganizationId } from '../src/ids.ts';
import type { Keyspace } from '../src/keys/key-record.ts';
import { organizations } from './schema.ts';
import { requireOrganizationId } from './tenant.ts';

/** The operator's own keyspace always stands. */
export function requireKeyspaceStanding(control: Database.Database, keyspace: Keyspace): void {
  if (keyspace !== 'operator') requireStanding(control, keyspace);
}

/** A deleted organisation gets nothing new, not even by an operator who was quicker to ask than to look. */
export function requireStanding(control: Database.Database, organizationId: OrganizationId): void {
  const standing = drizzle(control)
    .select({ id: organizations.id })
    .from(organizations)
    .where(
      and(eq(organizations.id, requireOrganizationId(organizationId)), ne(organizations.status, 'deleted')),
    )
    .get();
  if (standing === undefined) throw new AppError('NOT_FOUND');
}
