import { type Command, Option } from 'commander';
import { mutateAsOperator } from '../../audit/operator-row.ts';
import { type Keyspace, organizationIn } from '../../keys/key-record.ts';
import { type KeyAccess, type ManagedKeys, manageKeys } from '../../keys/manage-keys.ts';
import { operatorBy } from '../../principal.ts';
import type { Services } from '../../server/services.ts';
import { expectedChoice, withChoice } from '../line-mistakes.ts';
import { findOrganization } from '../members/find-organization.ts';
import type { JsonOption } from '../print.ts';

/** Whose keys a command means: those of an organisation, or the operator's host keys. */
export type KeyspaceOption = JsonOption & { readonly org?: string; readonly host?: true };

/** Adds the two options, of which exactly one is to be given. */
export const withKeyspaceOption = (command: Command): Command =>
  withChoice(command, keyspaceFlags)
    .option(keyspaceFlags[0], 'the organisation, org_…')
    .addOption(new Option(keyspaceFlags[1], "the operator's host keys").conflicts('org'));

const keyspaceFlags = ['--org <id>', '--host'] as const;

/** Ends the command, as wrong, where neither of the two was given. */
export function requireKeyspaceOption(command: Command, { org, host }: KeyspaceOption): void {
  if (org === undefined && host === undefined) {
    command.error(expectedChoice(keyspaceFlags));
  }
}

/** The listing that `withServices` names if a key is not found. */
export const keyListing = ({ org }: KeyspaceOption): { readonly listing: string } => ({
  listing: `keys list ${org === undefined ? '--host' : `--org ${org}`}`,
});

/** @throws NOT_FOUND for an organisation that is unknown */
export async function findKeyspace({ org }: KeyspaceOption, services: Services): Promise<Keyspace> {
  return org === undefined ? 'operator' : (await findOrganization(org, services)).id;
}

export const operatorAccess = (command: string, keyspace: Keyspace, { now }: Services): KeyAccess => ({
  principal: operatorBy('cli'),
  reach: 'all',
  mutate: mutateAsOperator({ tier: 'cli', target: command, organizationId: organizationIn(keyspace) }, now),
});

/**
 * Keys, as the operator changes them; `command` is the name of the change in the audit.
 *
 * @throws NOT_FOUND for an organisation that is unknown
 */
export async function operateKeys(
  option: KeyspaceOption,
  command: string,
  services: Services,
): Promise<ManagedKeys> {
  const keyspace = await findKeyspace(option, services);
  return manageKeys(keyspace, operatorAccess(command, keyspace, services), services.operator);
}
