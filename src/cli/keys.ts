import { type Command, Option } from 'commander';
import { type KeyStatus, keyStatuses } from '../keys/key-record.ts';
import { keepItWarning, keyToWire } from '../keys/key-wire.ts';
import { printable } from '../printable.ts';
import { listKeys, mintKey, revokeKey } from './key-commands.ts';
import { keyTableHeader, keyTableRow } from './key-table.ts';
import { registerConfirm } from './keys-confirm.ts';
import { registerReconcile } from './keys-reconcile.ts';
import { registerReview } from './keys-review.ts';
import { registerRotate, registerUpdate } from './keys-rotate.ts';
import { parseExpiresInDays, parseScopes, parseText } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson, printTable } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

type OrgOption = JsonOption & { readonly org: string };
type ListOptions = OrgOption & { readonly status?: KeyStatus };
type MintOptions = OrgOption & {
  readonly name: string;
  readonly scopes?: readonly string[];
  readonly add?: readonly string[];
  readonly owner?: string;
  readonly purpose?: string;
  readonly expiresInDays?: number | 'never';
};

type Done = (code: ExitCode) => void;

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;

export const registerKeys: Register = (program, runtime, done) => {
  const keys = program
    .command('keys')
    .description("Mints, lists, rotates, revokes and reviews an organisation's keys.");
  registerMint(keys, runtime, done);
  registerList(keys, runtime, done);
  registerRotate(keys, runtime, done);
  registerUpdate(keys, runtime, done);
  registerRevoke(keys, runtime, done);
  registerReview(keys, runtime, done);
  registerReconcile(keys, runtime, done);
  registerConfirm(keys, runtime, done);
};

function registerMint(keys: Command, runtime: Runtime, done: Done): void {
  keys
    .command('mint')
    .description('Makes a key that belongs to the organisation and shows its plaintext once.')
    .requiredOption(...orgOption)
    .requiredOption('--name <name>', 'what people call the key', parseText(100))
    .addOption(
      new Option('--scopes <list>', 'exactly these scopes, comma-separated; "" allows nothing')
        .argParser(parseScopes)
        .conflicts('add'),
    )
    .option('--add <list>', 'the canonical scopes and these', parseScopes)
    .option('--owner <owner>', 'the person or team that answers for it', parseText(200))
    .option('--purpose <purpose>', 'what it is for', parseText(500))
    .option('--expires-in-days <days>', 'days until it expires, or "never"', parseExpiresInDays)
    .option(...jsonOption)
    .action(async ({ json, org, add, ...request }: MintOptions) =>
      done(
        await withServices(runtime, async (services) => {
          const { key, plaintext } = await mintKey(org, { ...request, additionalScopes: add }, services);
          if (json) {
            printJson(runtime, { key: keyToWire(key), auth_token: plaintext, warning: keepItWarning });
          } else {
            runtime.out(
              `Minted ${printable(key.name)} (${key.id}) with ${key.scopes.join(' ') || 'no scopes'}.`,
            );
            runtime.out(`Key: ${plaintext}`);
            runtime.out(keepItWarning);
          }
          return 0;
        }),
      ),
    );
}

function registerList(keys: Command, runtime: Runtime, done: Done): void {
  keys
    .command('list')
    .description(
      'Lists every key of the organisation, newest first; * is its default key. Times are UTC; last use is written once a minute.',
    )
    .requiredOption(...orgOption)
    .addOption(new Option('--status <status>', 'only keys in this state').choices(keyStatuses))
    .option(...jsonOption)
    .action(async ({ json, org, status }: ListOptions) =>
      done(
        await withServices(runtime, async (services) => {
          const found = await listKeys(org, status, services);
          if (json) printJson(runtime, { keys: found.map(keyToWire) });
          else if (found.length === 0) runtime.out('There are no such keys.');
          else printTable(runtime, keyTableHeader, found.map(keyTableRow(services.config.scopes.canonical)));
          return 0;
        }),
      ),
    );
}

function registerRevoke(keys: Command, runtime: Runtime, done: Done): void {
  keys
    .command('revoke')
    .description('Ends a key at once, and lists the live keys that it made.')
    .argument('<key_id>', 'key_…')
    .requiredOption(...orgOption)
    .option(...jsonOption)
    .action(async (keyId: string, { json, org }: OrgOption) =>
      done(
        await withServices(runtime, async (services) => {
          const { key, changed, createdKeys } = await revokeKey(org, keyId, services);
          if (json) {
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
        }),
      ),
    );
}
