import { type KeyId, type OrganizationId, parseKeyId, parseOrganizationId } from '../../../src/ids.ts';

/**
 * The only way for an organisation into a query. An undefined condition would select every row, and an array would
 * match any of its members, so anything except a well-formed id is a bug.
 *
 * @throws Error, shown as INTERNAL
 */
export function assertOrganizationId(value: unknown): OrganizationId {
  const id = parseOrganizationId(value);
  if (id === undefined) throw new Error('tenant context missing: expected the id of an organisation');
  return id;
}

/** The organisation of a keyspace; null for an explicit `operator`. */
export const organizationOf = (keyspace: unknown): OrganizationId | null =>
  keyspace === 'operator' ? null : assertOrganizationId(keyspace);

export function assertKeyId(value: unknown): KeyId {
  const id = parseKeyId(value);
  if (id === undefined) throw new Error('key missing: expected the id of a key');
  return id;
}

/** An explicit `null` is a row of no organisation. Anything else must be an id. */
export const assertOrganizationOrNull = (value: unknown): OrganizationId | null =>
  value === null ? null : assertOrganizationId(value);
