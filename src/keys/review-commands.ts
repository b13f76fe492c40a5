import type { Scope } from '../scopes/scopes.ts';
import type { Keyspace } from './key-record.ts';
import type { KeyView } from './key-wire.ts';

/** How the commands are told whose keys are meant. */
export const placeOf = (keyspace: Keyspace): string =>
  keyspace === 'operator' ? '--host' : `--org ${keyspace}`;

/** Ids and scopes have no character that a shell would take for anything else. */
export const onKey = (
  verb: 'confirm' | 'revoke' | 'rotate' | 'update',
  { id, organizationId }: KeyView,
  ...options: readonly string[]
): string => ['tenantry keys', verb, id, placeOf(organizationId ?? 'operator'), ...options].join(' ');

/** A key of a person is rotated by that person alone, with the tool; a workspace token gives way to the organisation's key. */
export function rotation(key: KeyView, scopes?: readonly Scope[], dropScopes = false): string {
  if (key.scopeType === 'user') {
    const input = { key_id: key.id, ...(scopes && { scopes }), ...(dropScopes && { drop_scopes: true }) };
    return `tenantry call rotate_key '${JSON.stringify(input)}'`;
  }
  if (key.scopeType === 'workspace') {
    const place = placeOf(key.organizationId ?? 'operator');
    return `tenantry keys mint ${place} --name <name> --scopes ${(scopes ?? key.scopes).join(',')}`;
  }
  const narrowing = scopes === undefined ? [] : [`--scopes ${scopes.join(',')}`];
  return onKey('rotate', key, ...narrowing, ...(dropScopes ? ['--drop-scopes'] : []));
}
