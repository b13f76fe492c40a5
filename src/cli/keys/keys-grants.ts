import { type Command, Option } from 'commander';
import { changeGrants } from '../../keys/manage-keys.ts';
import { readAllOrganizations } from '../../provisioning/all-organizations.ts';
import { printable } from '../../secrets/printable.ts';
import { findOrganization, requireUndeleted } from '../members/find-organization.ts';
import { parseList } from '../parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { keyListing, operateKeys, operatorAccess } from './operate-keys.ts';

type GrantsOptions = JsonOption & {
  readonly add?: readonly string[];
  readonly withdraw?: readonly string[];
};

export function registerGrants(keys: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  keys
    .command('grants')
    .description('Shows the organisations that a host key may act for, after adding or withdrawing some.')
    .argument('<key_id>', 'the host key, key_…')
    .option('--add <list>', 'organisations that it may act for from now on, comma-separated', parseList)
    .addOption(new Option('--host', 'a host key, as only those have grants').hideHelp())
    .option('--withdraw <list>', 'organisations that it may no longer act for', parseList)
    .option(...jsonOption)
    .action(async (keyIdText: string, { json, add = [], withdraw = [] }: GrantsOptions) =>
      done(
        await withServices(
          runtime,
          async (services) => {
            const { store, operator } = services;
            const hostKeys = await operateKeys({ host: true }, 'keys grants', services);
            const { id } = await hostKeys.get(keyIdText);
            for (const each of [...add, ...withdraw]) await findOrganization(each, services);
            for (const each of add) await requireUndeleted(each, services);
            if (add.length + withdraw.length > 0) {
              await changeGrants(
                id,
                { add, withdraw },
                operatorAccess('keys grants', 'operator', services),
                operator,
              );
            }
            const granted = await store.keys.listGrants(id);
            if (json) printJson(runtime, { key_id: id, organization_ids: granted });
            else if (granted.length === 0) runtime.out('It may act for no organisation.');
            else {
              const named = (await readAllOrganizations(store.organizations)).filter((one) =>
                granted.includes(one.id),
              );
              const rows = named.map((one) => [one.id, printable(one.name), one.status]);
              printTable(runtime, ['ORGANIZATION ID', 'NAME', 'STATUS'], rows);
            }
            return 0;
          },
          keyListing({ host: true }),
        ),
      ),
    );
}
