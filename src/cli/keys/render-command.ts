import type { Keyspace } from '../../keys/key-record.ts';
import type { Change, KeyArguments, Remedy } from '../../keys/review/remedy.ts';
import { jsonText } from '../print.ts';

/** The shell command that does what a review advises; ids and scopes have no character that a shell reads otherwise. */
export function renderCommand(remedy: Remedy): string {
  switch (remedy.action) {
    case 'confirm_key':
      return onKey('confirm', remedy.arguments);
    case 'revoke_key':
      return onKey('revoke', remedy.arguments);
    case 'rotate_key': {
      const { scopes, dropScopes } = remedy.arguments;
      const narrowing = scopes === undefined ? [] : [`--scopes ${scopes.join(',')}`];
      return onKey('rotate', remedy.arguments, ...narrowing, ...(dropScopes ? ['--drop-scopes'] : []));
    }
    case 'rotate_own_key': {
      const { keyId, scopes, dropScopes } = remedy.arguments;
      const input = { key_id: keyId, ...(scopes && { scopes }), ...(dropScopes && { drop_scopes: true }) };
      return `tenantry call rotate_key '${jsonText(input)}'`;
    }
    case 'mint_key': {
      const { keyspace, scopes } = remedy.arguments;
      return `tenantry keys mint ${keyspaceFlag(keyspace)} --name <name> --scopes ${scopes.join(',')}`;
    }
    case 'update_key':
      return onKey('update', remedy.arguments, changeFlag(remedy.arguments));
    case 'reconcile_keys':
      return 'tenantry keys reconcile --out default-keys.ndjson';
    case 'review_keys': {
      const { keyspace, unusedDays } = remedy.arguments;
      return `tenantry keys review ${keyspaceFlag(keyspace)} --unused-days ${unusedDays}`;
    }
  }
}

const onKey = (verb: string, { keyspace, keyId }: KeyArguments, ...options: readonly string[]): string =>
  ['tenantry keys', verb, keyId, keyspaceFlag(keyspace), ...options].join(' ');

/** How the commands are told whose keys are meant. */
const keyspaceFlag = (keyspace: Keyspace): string =>
  keyspace === 'operator' ? '--host' : `--org ${keyspace}`;

const changeFlag = (change: Change): string =>
  'missing' in change
    ? `--${change.missing} <${change.missing}>`
    : `--expires-in-days ${change.expiresInDays}`;
