import type { Command } from 'commander';
import { operatorRow } from '../audit/operator-row.ts';
import { AppError } from '../errors.ts';
import { type KeyId, type OrganizationId, parseKeyId } from '../ids.ts';
import { readAllKeys } from '../keys/all-keys.ts';
import { DAY_MS, type KeyRecord, keyStatus } from '../keys/key-record.ts';
import { keyToWire } from '../keys/key-wire.ts';
import type { Services } from '../services.ts';
import { findOrganization } from './find-organization.ts';
import { isHeld, keyTableHeader, keyTableRow } from './key-table.ts';
import { type JsonOption, jsonOption, printJson, printTable } from './print.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

type ConfirmOptions = JsonOption & { readonly org: string; readonly all?: boolean };

export function registerConfirm(keys: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  const command = keys
    .command('confirm')
    .description('Lets held keys work again: those that a restored backup may have brought back by mistake.')
    .argument('[key_id]', 'key_…')
    .requiredOption('--org <id>', 'the organisation, org_…')
    .option('--all', 'every held key of the organisation')
    .option(...jsonOption);
  command.action(async (keyId: string | undefined, { json, org, all }: ConfirmOptions) => {
    if ((keyId === undefined) === (all !== true)) {
      command.error("error: expected one of the two, a key_id or '--all'");
    }
    done(
      await withServices(runtime, async (services) => {
        const { id } = await findOrganization(org, services);
        const asked = keyId === undefined ? await findHeld(id, services) : [requireKeyId(keyId)];
        const confirmed: KeyRecord[] = [];
        for (const one of asked) confirmed.push(...(await confirm(id, one, services)));
        print(confirmed, json === true, services, runtime);
        return 0;
      }),
    );
  });
}

/** @throws KEY_NOT_FOUND */
function requireKeyId(text: string): KeyId {
  const keyId = parseKeyId(text);
  if (keyId === undefined) throw new AppError('KEY_NOT_FOUND');
  return keyId;
}

async function findHeld(id: OrganizationId, { store, mintRules, now }: Services): Promise<readonly KeyId[]> {
  const filter = { nowMs: now(), staleAfterMs: mintRules.staleAfterDays * DAY_MS };
  const keys = await readAllKeys(store.keys, id, { ...filter, status: 'revoked' });
  return keys.filter(isHeld).map((key) => key.id);
}

/** None where the key was not held. A revoked key stays revoked, held or not. @throws KEY_NOT_FOUND */
async function confirm(
  id: OrganizationId,
  keyId: KeyId,
  { store, now }: Services,
): Promise<readonly KeyRecord[]> {
  const nowMs = now();
  let changed = false;
  const key = await store.keys.change(
    id,
    keyId,
    null,
    (current) => {
      changed = isHeld(current);
      return changed ? { heldAtMs: null } : null;
    },
    ({ prefix }) => {
      const change = { confirmed: keyId, prefix };
      return operatorRow({ tier: 'cli', target: 'keys confirm', organizationId: id, nowMs, change });
    },
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
