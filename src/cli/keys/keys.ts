import { type Command, Option } from 'commander';
import { readPages } from '../../keys/all-keys.ts';
import { type KeyStatus, keyStatuses, type ScopeType } from '../../keys/key-record.ts';
import { keepItWarning, keyToWire, mintedToWire } from '../../keys/key-wire.ts';
import { printable } from '../../secrets/printable.ts';
import { isoTimeOrNull } from '../../time.ts';
import { parseExpiresInDays, parseList, parseText } from '../parse-option.ts';
import { jsonOption, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { keyTableHeader, keyTableRow } from './key-table.ts';
import { registerConfirm } from './keys-confirm.ts';
import { registerGrants } from './keys-grants.ts';
import { registerReconcile } from './keys-reconcile.ts';
import { registerReview } from './keys-review.ts';
import { registerRotate, registerUpdate } from './keys-rotate.ts';
import { requireMintable } from './mint-mistakes.ts';
import {
  type KeyspaceOption,
  keyListing,
  operateKeys,
  requireKeyspaceOption,
  withKeyspaceOption,
} from './operate-keys.ts';

type ListOptions = KeyspaceOption & { readonly status?: KeyStatus };
type MintOptions = KeyspaceOption & {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly add?: readonly string[];
  readonly owner?: string;
  readonly purpose?: string;
  readonly expiresInDays?: number | 'never';
  readonly for?: readonly string[];
  readonly user?: string;
  readonly workspace?: string;
};

type Done = (code: ExitCode) => void;

export const registerKeys: Register = (program, runtime, done) => {
  const keys = program
    .command('keys')
    .description("Mints, lists, rotates, revokes and reviews an organisation's keys, or host keys.");
  registerMint(keys, runtime, done);
  registerList(keys, runtime, done);
  registerRotate(keys, runtime, done);
  registerUpdate(keys, runtime, done);
  registerRevoke(keys, runtime, done);
  registerGrants(keys, runtime, done);
  registerReview(keys, runtime, done);
  registerReconcile(keys, runtime, done);
  registerConfirm(keys, runtime, done);
};

function registerMint(keys: Command, runtime: Runtime, done: Done): void {
  const command = withKeyspaceOption(keys.command('mint'))
    .description('Makes a key that belongs to the organisation, or a host key, and shows its plaintext once.')
    .requiredOption('--name <name>', 'what people call the key', parseText(100))
    .addOption(
      new Option('--scopes <list>', 'exactly these scopes, comma-separated; "" allows nothing')
        .argParser(parseList)
        .conflicts('add'),
    )
    .option('--add <list>', 'the canonical scopes and these', parseList)
    .addOption(
      new Option('--for <list>', 'the organisations that a host key may act for, comma-separated')
        .argParser(parseList)
        .conflicts('org'),
    )
    .addOption(new Option('--user <id>', 'the member, usr_…, whose own key it will be').conflicts('host'))
    .addOption(
      new Option('--workspace <id>', 'deprecated: a token that reaches /workspaces/<id>/… alone')
        .argParser(parseText(200))
        .conflicts(['host', 'user']),
    )
    .option('--owner <owner>', 'the person or team that answers for it', parseText(200))
    .option('--purpose <purpose>', 'what it is for', parseText(500))
    .option(
      '--expires-in-days <days>',
      'days until it expires, or "never"; keys.defaultTtlDays when left out',
      parseExpiresInDays,
    )
    .option(...jsonOption);
  command.action(async (options: MintOptions) => {
    requireKeyspaceOption(command, options);
    const { json, org: _org, host, add, for: organizationIds, user: userId, workspace, ...request } = options;
    done(
      await withServices(runtime, async (services) => {
        await requireMintable(options, services);
        const operated = await operateKeys(options, 'keys mint', services);
        const minted = await operated.mint({
          ...request,
          scopeType: scopeTypeOf(options),
          userId,
          additionalScopes: add,
          organizationIds,
          restrictions: workspace === undefined ? undefined : { workspace_ids: [workspace] },
        });
        if (json) {
          printJson(runtime, mintedToWire(minted));
          return 0;
        }
        const { key, plaintext } = minted;
        runtime.out(`Minted ${printable(key.name)} (${key.id}) with ${key.scopes.join(' ') || 'no scopes'}.`);
        runtime.out(`Key: ${plaintext}`);
        runtime.out(keepItWarning);
        runtime.out(`It expires: ${isoTimeOrNull(key.expiresAtMs) ?? 'never'}.`);
        if (host)
          runtime.out(
            `It may act for: ${organizationIds?.join(', ') || 'no organisation yet, see "keys grants"'}.`,
          );
        return 0;
      }),
    );
  });
}

function scopeTypeOf({ host, user, workspace }: MintOptions): ScopeType {
  if (host) return 'host';
  if (workspace !== undefined) return 'workspace';
  return user === undefined ? 'global' : 'user';
}

function registerList(keys: Command, runtime: Runtime, done: Done): void {
  const command = withKeyspaceOption(keys.command('list'))
    .description(
      'Lists every key of the organisation, newest first; * is its default key. Times are UTC; last use is written once a minute.',
    )
    .addOption(new Option('--status <status>', 'only keys in this state').choices(keyStatuses))
    .option(...jsonOption);
  command.action(async (options: ListOptions) => {
    requireKeyspaceOption(command, options);
    done(
      await withServices(runtime, async (services) => {
        const operated = await operateKeys(options, 'keys list', services);
        const found = await readPages((page) => operated.list({ status: options.status }, page));
        if (options.json) printJson(runtime, { keys: found.map(keyToWire) });
        else if (found.length === 0) runtime.out('There are no such keys.');
        else printTable(runtime, keyTableHeader, found.map(keyTableRow(services.config.scopes.canonical)));
        return 0;
      }),
    );
  });
}

function registerRevoke(keys: Command, runtime: Runtime, done: Done): void {
  const command = withKeyspaceOption(keys.command('revoke'))
    .description('Ends a key at once, and lists the live keys that it made.')
    .argument('<key_id>', 'key_…')
    .option(...jsonOption);
  command.action(async (keyId: string, options: KeyspaceOption) => {
    requireKeyspaceOption(command, options);
    done(
      await withServices(
        runtime,
        async (services) => {
          const operated = await operateKeys(options, 'keys revoke', services);
          const { key, changed, createdKeys } = await operated.revoke(keyId);
          if (options.json) {
            printJson(runtime, { key: keyToWire(key), changed, created_keys: createdKeys.map(keyToWire) });
            return 0;
          }
          const what = `${printable(key.name)} (${key.prefix})`;
          runtime.out(changed ? `Revoked ${what}.` : `${what} was revoked already; nothing was changed.`);
          if (createdKeys.length > 0) {
            runtime.out('It made these keys, which stay live until they are revoked themselves:');
            printTable(
              runtime,
              keyTableHeader,
              createdKeys.map(keyTableRow(services.config.scopes.canonical)),
            );
          }
          return 0;
        },
        keyListing(options),
      ),
    );
  });
}
