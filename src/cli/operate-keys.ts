import { type Command, Option } from 'commander';
import { operatorRow } from '../audit/operator-row.ts';
import { type Keyspace, organizationIn } from '../keys/key-record.ts';
import { type KeyAuthor, type ManagedKeys, manageKeys } from '../keys/manage-keys.ts';
import type { Services } from '../services.ts';
import { findOrganization } from './find-organization.ts';
import type { JsonOption } from './print.ts';

/** Whose keys a command means: those of an organisation, or the operator's host keys. */
export type KeyPlace = JsonOption & { readonly org?: string; readonly host?: true };

/** Adds the two options, of which exactly one is to be given. */
export const withKeyPlace = (command: Command): Command =>
  command
    .option('--org <id>', 'the organisation, org_…')
    .addOption(new Option('--host', "the operator's host keys").conflicts('org'));

/** Ends the command, as wrong, where neither of the two was given. */
export function requireKeyPlace(command: Command, { org, host }: KeyPlace): void {
  if (org === undefined && host === undefined) {
    command.error("error: expected one of the two, '--org <id>' or '--host'");
  }
}

/** @throws NOT_FOUND for an organisation that is unknown */
export async function findKeyspace({ org }: KeyPlace, services: Services): Promise<Keyspace> {
  return org === undefined ? 'operator' : (await findOrganization(org, services)).id;
}

export const keyAuthor = (command: string, keyspace: Keyspace, { now }: Services): KeyAuthor => ({
  minter: { operator: 'cli' },
  onlyOf: null,
  row: (change) => {
    const organizationId = organizationIn(keyspace);
    return operatorRow({ tier: 'cli', target: command, organizationId, nowMs: now(), change });
  },
  committed: () => {},
});

/**
 * Keys in the hands of the operator; `command` is what the audit says was done.
 *
 * @throws NOT_FOUND for an organisation that is unknown
 */
export async function operateKeys(
  place: KeyPlace,
  command: string,
  services: Services,
): Promise<ManagedKeys> {
  const keyspace = await findKeyspace(place, services);
  return manageKeys(keyspace, keyAuthor(command, keyspace, services), services.operator);
}
