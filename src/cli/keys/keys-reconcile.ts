import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { mutateAsOperator } from '../../audit/operator-row.ts';
import { AppError } from '../../errors.ts';
import { readAllKeys } from '../../keys/all-keys.ts';
import { DAY_MS } from '../../keys/key-record.ts';
import type { KeyStore } from '../../keys/key-store.ts';
import { type MintedKey, mintKey } from '../../keys/mint-key.ts';
import { needsDefaultKey } from '../../keys/policy/mint.ts';
import type { Organization } from '../../organization.ts';
import { operatorBy } from '../../principal.ts';
import { readAllOrganizations } from '../../provisioning/all-organizations.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { type JsonOption, jsonOption, jsonText, printJson, printTable } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { sentenceOf, withServices } from '../with-services.ts';
import { operateKeys } from './operate-keys.ts';
import { withNewFile } from './secret-file.ts';

type ReconcileOptions = JsonOption & { readonly out?: string; readonly dryRun?: boolean };

/** The result for an organisation that lacked a default key; `key` is null if it got one meanwhile. */
type Outcome = { readonly organization: Organization; readonly key: MintedKey['key'] | null };

export function registerReconcile(keys: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  const command = keys
    .command('reconcile')
    .description(
      'Gives every active organisation without a live default key one, with the canonical set of now. The plaintexts go to a new file only.',
    )
    .option('--out <file>', 'the new file, a line of JSON for each key; only you may read it')
    .option('--dry-run', 'shows what would be done, and does nothing')
    .option(...jsonOption);
  command.action(async ({ json, out, dryRun }: ReconcileOptions) => {
    if (out === undefined && !dryRun) command.error("error: expected '--out <file>', or '--dry-run'");
    done(
      await withServices(runtime, async (services) => {
        const asJson = json === true;
        const plan = async () => {
          printPlan(await findLacking(services), asJson, runtime);
          return 0 as const;
        };
        if (out === undefined) return plan();
        const file = resolve(runtime.cwd, out);
        const made = await withNewFile(file, (handle) =>
          dryRun ? plan() : reconcile({ handle, file }, asJson, services, runtime),
        );
        if ('done' in made) return made.done;
        runtime.err(`${printable(file)}: ${made.problem}; nothing was done.`);
        return 1;
      }),
    );
  });
}

/** Active organisations whose default key is missing, revoked, expired or stale. */
async function findLacking({ store, mintRules, now }: Services): Promise<readonly Organization[]> {
  const nowMs = now();
  const filter = { nowMs, staleAfterMs: mintRules.staleAfterDays * DAY_MS };
  const lacking: Organization[] = [];
  for (const organization of await readAllOrganizations(store.organizations)) {
    if (organization.status !== 'active') continue;
    const keys = await readAllKeys(store.keys, organization.id, filter);
    const defaultKey = keys.find(({ isDefault }) => isDefault) ?? null;
    if (needsDefaultKey(defaultKey, mintRules, nowMs)) lacking.push(organization);
  }
  return lacking;
}

function printPlan(lacking: readonly Organization[], json: boolean, runtime: Runtime): void {
  if (json) printJson(runtime, { minted: [], would_mint: lacking.map(({ id }) => id), file: null });
  else if (lacking.length === 0) runtime.out('Every active organisation has a live default key.');
  else {
    runtime.out('These organisations would get a default key:');
    printTable(
      runtime,
      ['ORGANIZATION ID', 'NAME'],
      lacking.map(({ id, name }) => [id, name]),
    );
  }
}

type NewFile = { readonly handle: FileHandle; readonly file: string };

async function reconcile(
  { handle, file }: NewFile,
  json: boolean,
  services: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const lacking = await findLacking(services);
  if (lacking.length === 0) {
    printPlan(lacking, json, runtime);
    if (!json) runtime.out('No file was made.');
    return 0;
  }
  const outcomes: Outcome[] = [];
  let failed = false;
  for (const organization of lacking) {
    try {
      outcomes.push({ organization, key: await mintInto(handle, organization, services) });
    } catch (error) {
      failed = true;
      runtime.err(`${printable(organization.name)} (${organization.id}): ${sentenceOf(error)}`);
      // A disk that is full for one is full for all.
      if (!(error instanceof AppError)) break;
    }
  }
  report(outcomes, file, json, runtime);
  return failed ? 1 : 0;
}

function report(outcomes: readonly Outcome[], file: string, json: boolean, runtime: Runtime): void {
  const minted = outcomes.flatMap(({ organization, key }) => (key === null ? [] : [{ organization, key }]));
  if (json) {
    const keys = minted.map(({ organization: { id }, key }) => ({
      organization_id: id,
      key_id: key.id,
      prefix: key.prefix,
    }));
    printJson(runtime, { minted: keys, would_mint: [], file: keys.length === 0 ? null : file });
  } else {
    for (const { organization, key } of minted) {
      runtime.out(`${printable(organization.name)} (${organization.id}) has ${key.prefix} (${key.id}).`);
    }
    const where =
      minted.length === 0 ? 'No file was made' : `Their plaintexts are in ${printable(file)} alone`;
    runtime.out(`Default keys made: ${minted.length}. ${where}.`);
  }
}

/** Revokes a key whose plaintext did not reach the disk: nobody can use it. */
async function mintInto(handle: FileHandle, { id }: Organization, services: Services) {
  const minted = await mintDefaultKey(id, services);
  if (minted === null) return null;
  const { key, plaintext } = minted;
  const line = { organization_id: id, key_id: key.id, prefix: key.prefix, auth_token: plaintext };
  try {
    await handle.appendFile(`${jsonText(line)}\n`);
    await handle.sync();
  } catch (error) {
    await (await operateKeys({ org: id }, 'keys revoke', services)).revoke(key.id);
    throw error;
  }
  return key;
}

/** Null if another process was quicker: the minting transaction checks it, so that no organisation gets two. */
async function mintDefaultKey(
  organizationId: Organization['id'],
  { store, mintRules, now }: Services,
): Promise<MintedKey | null> {
  const notNeeded = new AppError('NOT_FOUND');
  const keys: KeyStore = {
    ...store.keys,
    mint: (keyspace, query, decide, auditRow) =>
      store.keys.mint(
        keyspace,
        query,
        (facts) => {
          const made = decide(facts);
          if (!made.key.isDefault) throw notNeeded;
          return made;
        },
        auditRow,
      ),
  };
  try {
    const request = { scopeType: 'global', name: 'Default key' } as const;
    const mutate = mutateAsOperator({ tier: 'cli', target: 'keys reconcile', organizationId }, now);
    return await mutate((auditRow) =>
      mintKey(organizationId, request, { principal: operatorBy('cli'), auditRow }, { keys, mintRules, now }),
    );
  } catch (error) {
    if (error === notNeeded) return null;
    throw error;
  }
}
