import type { Tier } from '../../../src/attribution.ts';
import type { AuditKind, Era } from '../../../src/audit/audit-event.ts';
import type { KeyId, OrganizationId, RequestId, UserId } from '../../../src/ids.ts';
import type { Restrictions, ScopeSource, ScopeType } from '../../../src/keys/key-record.ts';
import type { OrganizationStatus } from '../../../src/organization.ts';
import type { Scope } from '../../../src/scopes/scopes.ts';
import {
  blob,
  check,
  index,
  integer,
  primaryKey,
  sql,
  sqliteTable,
  text,
  uniqueIndex,
} from '../connection/drizzle.ts';

/** Fields are named like the records, columns like the wire. Times are milliseconds since 1970. */
export const organizations = sqliteTable('organizations', {
  id: text('id').$type<OrganizationId>().primaryKey(),
  name: text('name').notNull(),
  externalId: text('external_id').unique(),
  status: text('status').$type<OrganizationStatus>().notNull(),
  createdAtMs: integer('created_at').notNull(),
});

/** Rows are never deleted, so a prefix is never reused. */
export const keys = sqliteTable(
  'keys',
  {
    id: text('id').$type<KeyId>().primaryKey(),
    organizationId: text('organization_id')
      .$type<OrganizationId>()
      .references(() => organizations.id),
    hash: blob('hash', { mode: 'buffer' }).notNull().unique(),
    name: text('name').notNull(),
    prefix: text('prefix').notNull().unique(),
    scopeType: text('scope_type').$type<ScopeType>().notNull(),
    userId: text('user_id').$type<UserId>(),
    scopes: text('scopes', { mode: 'json' }).$type<readonly Scope[]>().notNull(),
    scopeSource: text('scope_source').$type<ScopeSource>().notNull(),
    canonicalVersion: integer('canonical_version').references(() => canonicalSets.version),
    restrictions: text('restrictions', { mode: 'json' }).$type<Restrictions>(),
    isDefault: integer('is_default', { mode: 'boolean' }).notNull(),
    owner: text('owner').notNull(),
    purpose: text('purpose'),
    createdBy: text('created_by').notNull(),
    createdAtMs: integer('created_at').notNull(),
    expiresAtMs: integer('expires_at'),
    lastUsedAtMs: integer('last_used_at'),
    revokedAtMs: integer('revoked_at'),
    revokedBy: text('revoked_by'),
    replacedBy: text('replaced_by').$type<KeyId>(),
    replaces: text('replaces').$type<KeyId>(),
    graceUntilMs: integer('grace_until'),
    lastClient: text('last_client'),
    heldAtMs: integer('held_at'),
    removedAtMs: integer('removed_at'),
  },
  (key) => [
    index('keys_by_organization').on(key.organizationId, key.id),
    index('keys_by_creator').on(key.organizationId, key.createdBy, key.id),
    // At most one default key per organisation.
    uniqueIndex('keys_default').on(key.organizationId).where(sql`is_default = 1`),
    // Exactly the host keys have no organisation.
    check('keys_host', sql`(scope_type = 'host') = (organization_id IS NULL)`),
  ],
);

/** The organisations that a host key may act for. */
export const hostGrants = sqliteTable(
  'host_grants',
  {
    keyId: text('key_id')
      .$type<KeyId>()
      .notNull()
      .references(() => keys.id),
    organizationId: text('organization_id')
      .$type<OrganizationId>()
      .notNull()
      .references(() => organizations.id),
    createdAtMs: integer('created_at').notNull(),
  },
  (row) => [primaryKey({ columns: [row.keyId, row.organizationId] })],
);

/** One row. Its value changes whenever the meaning of a credential changes (see revision.ts). */
export const credentialRevision = sqliteTable('credential_revision', {
  id: integer('id').primaryKey(),
  value: integer('value').notNull(),
});

/** Conditions that end once and for all: `bootstrap` ends with the first key. */
export const latches = sqliteTable('latches', { name: text('name').primaryKey() });

export const canonicalSets = sqliteTable('canonical_sets', {
  version: integer('version').primaryKey(),
  scopes: text('scopes', { mode: 'json' }).$type<readonly Scope[]>().notNull(),
  createdAtMs: integer('created_at').notNull(),
});

export const audit = sqliteTable(
  'audit',
  {
    seq: integer('seq').primaryKey(),
    kind: text('kind').$type<AuditKind>().notNull(),
    at: integer('at').notNull(),
    requestId: text('request_id').$type<RequestId>().notNull(),
    organizationId: text('organization_id').$type<OrganizationId>(),
    tier: text('tier').$type<Tier>().notNull(),
    keyId: text('key_id').$type<KeyId>(),
    keyPrefix: text('key_prefix'),
    userId: text('user_id').$type<UserId>(),
    createdBy: text('created_by'),
    onBehalfOf: text('on_behalf_of'),
    method: text('method').notNull(),
    target: text('target').notNull(),
    tool: text('tool'),
    status: integer('status').notNull(),
    errorCode: text('error_code'),
    durationMs: integer('duration_ms').notNull(),
    clientAddress: text('client_address'),
    clientName: text('client_name'),
    era: text('era').$type<Era>(),
    change: text('change'),
    hash: text('hash').notNull(),
  },
  (row) => [
    // The only index, because every request pays for it (see audit-segments.ts). It covers every filter.
    index('audit_by_segment').on(
      sql`(seq >> 7)`,
      row.organizationId,
      row.seq,
      row.at,
      row.keyPrefix,
      row.tool,
      row.errorCode,
    ),
  ],
);

/** Secrets that the store creates once. `cursor` seals the cursors of every process. */
export const secrets = sqliteTable('secrets', {
  name: text('name').primaryKey(),
  value: blob('value', { mode: 'buffer' }).notNull(),
  createdAtMs: integer('created_at').notNull(),
});
