import type { Command } from 'commander';
import { AppError } from '../../errors.ts';
import type { KeyId } from '../../ids.ts';
import { readAllKeys } from '../../keys/all-keys.ts';
import { DAY_MS, isHeld, type KeyRecord, type Keyspace, keyStatus } from '../../keys/key-record.ts';
import { keyToWire } from '../../keys/key-wire.ts';
import { requireKeyId } from '../../keys/manage-keys.ts';
import type { Services } from '../../server/services.ts';
import { jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { keyTableHeader, keyTableRow } from './key-table.ts';
import {
  findKeyspace,
  type KeyspaceOption,
  keyListing,
  operatorAccess,
  requireKeyspaceOption,
  withKeyspaceOption,
} from './operate-keys.ts';

type ConfirmOptions = KeyspaceOption & { readonly all?: boolean };

export function registerConfirm(keys: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  const command = withKeyspaceOption(keys.command('confirm'))
    .description('Lets held keys work again: those that a restored backup may have brought back by mistake.')
    .argument('[key_id]', 'key_…')
    .option('--all', 'every held key there')
    .option(...jsonOption);
  command.action(async (keyId: string | undefined, options: ConfirmOptions) => {
    requireKeyspaceOption(command, options);
    const { json, all } = options;
    if ((keyId === undefined) === (all !== true)) {
      command.error("error: expected one of the two, a key_id or '--all'");
    }
    done(
      await withServices(
        runtime,
        async (services) => {
          const keyspace = await findKeyspace(options, services);
          const asked =
            keyId === undefined ? await findHeld(keyspace, services) : [requireKeyId(keyId, keyspace)];
          const confirmed: KeyRecord[] = [];
          for (const one of asked) confirmed.push(...(await confirm(keyspace, one, services)));
          print(confirmed, json === true, services, runtime);
          return 0;
        },
        keyListing(options),
      ),
    );
  });
}

async function findHeld(keyspace: Keyspace, { store, mintRules, now }: Services): Promise<readonly KeyId[]> {
  const filter = { nowMs: now(), staleAfterMs: mintRules.staleAfterDays * DAY_MS };
  const keys = await readAllKeys(store.keys, keyspace, { ...filter, status: 'revoked' });
  return keys.filter(isHeld).map((key) => key.id);
}

/** None where the key was not held. A revoked key stays revoked, held or not. @throws KEY_NOT_FOUND */
async function confirm(keyspace: Keyspace, keyId: KeyId, services: Services): Promise<readonly KeyRecord[]> {
  let changed = false;
  const { mutate } = operatorAccess('keys confirm', keyspace, services);
  const key = await mutate((row) =>
    services.store.keys.change(
      { keyspace, keyId },
      null,
      (current) => {
        changed = isHeld(current);
        return changed ? { heldAtMs: null } : null;
      },
      ({ prefix }) => row({ confirmed: keyId, prefix }),
    ),
  );
  if (key === undefined) throw new AppError('KEY_NOT_FOUND');
  return changed ? [key] : [];
}

function print(
  confirmed: readonly KeyRecord[],
  json: boolean,
  { config, mintRules, now }: Services,
  runtime: Runtime,
): void {
  const views = confirmed.map((key) => ({ ...key, status: keyStatus(key, now(), mintRules.staleAfterDays) }));
  if (json) printJson(runtime, { confirmed: views.map(keyToWire) });
  else if (views.length === 0) runtime.out('Nothing was held; nothing was changed.');
  else {
    runtime.out('Confirmed:');
    printTable(runtime, keyTableHeader, views.map(keyTableRow(config.scopes.canonical)));
  }
}
