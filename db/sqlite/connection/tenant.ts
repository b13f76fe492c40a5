import { type KeyId, type OrganizationId, parseKeyId, parseOrganizationId } from '../src/ids.ts';

/**
 * The one door for an organisation into a query. A condition that is undefined selects every row, and an
 * array matches as its member, so anything but a well-formed id is a bug and stops here.
 */
export function requireOrganizationId(value: unknown): OrganizationId {
  const id = parseOrganizationId(value);
  if (id === undefined) throw new Error('tenant context missing: expected the id of an organisation');
  return id;
}

/** The organisation of a keyspace; `operator`, said explicitly, is none. */
export const organizationOf = (keyspace: unknown): OrganizationId | null =>
  keyspace === 'operator' ? null : requireOrganizationId(keyspace);

export function requireKeyId(value: unknown): KeyId {
  const id = parseKeyId(value);
  if (id === undefined) throw new Error('key missing: expected the id of a key');
  return id;
}

/** `null`, said explicitly, is nobody's row; anything else must be an organisation's. */
export const requireOrganizationOrNull = (value: unknown): OrganizationId | null =>
  value === null ? null : requireOrganizationId(value);
