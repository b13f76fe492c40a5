import { type Command, Option } from 'commander';
import { keepItWarning, keyToWire, rotatedToWire } from '../../keys/key-wire.ts';
import type { RotatedView } from '../../keys/manage-keys.ts';
import { type Grace, graces } from '../../keys/policy/rotate.ts';
import { printable } from '../../secrets/printable.ts';
import { isoTimeOrNull } from '../../time.ts';
import { parseList, parseText, parseWholeNumber } from '../parse-option.ts';
import { jsonOption, printJson } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import {
  type KeyspaceOption,
  keyListing,
  operateKeys,
  requireKeyspaceOption,
  withKeyspaceOption,
} from './operate-keys.ts';

type RotateOptions = KeyspaceOption & {
  readonly grace?: Grace;
  readonly scopes?: readonly string[];
  readonly dropScopes?: boolean;
};
type UpdateOptions = KeyspaceOption & {
  readonly name?: string;
  readonly owner?: string;
  readonly purpose?: string;
  readonly expiresInDays?: number;
};
type Done = (code: ExitCode) => void;

export function registerRotate(keys: Command, runtime: Runtime, done: Done): void {
  const command = withKeyspaceOption(keys.command('rotate'))
    .description('Replaces a key without downtime; shows the plaintext of the replacement once.')
    .argument('<key_id>', 'key_…')
    .addOption(
      new Option('--grace <time>', 'how long the old key stays valid').choices(graces).default('24h'),
    )
    .option('--scopes <list>', 'narrows to these of its scopes, comma-separated', parseList)
    .option('--drop-scopes', 'accepts that the replacement lacks scopes of the old key')
    .option(...jsonOption);
  command.action(async (keyId: string, options: RotateOptions) => {
    requireKeyspaceOption(command, options);
    const { grace, scopes, dropScopes } = options;
    done(
      await withServices(
        runtime,
        async (services) => {
          const operated = await operateKeys(options, 'keys rotate', services);
          const rotated = await operated.rotate(keyId, { grace, scopes, dropScopes });
          if (options.json) printJson(runtime, rotatedToWire(rotated));
          else printRotated(rotated, runtime);
          return 0;
        },
        keyListing(options),
      ),
    );
  });
}

function printRotated({ key, plaintext, old }: RotatedView, runtime: Runtime): void {
  const scopes = key.scopes.join(' ') || 'no scopes';
  runtime.out(`Replaced ${old.prefix} by ${key.prefix} (${key.id}) with ${scopes}.`);
  runtime.out(`Key: ${plaintext}`);
  runtime.out(keepItWarning);
  const client = old.lastClient === null ? '' : ` by ${printable(old.lastClient)}`;
  const lastUse = isoTimeOrNull(old.lastUsedAtMs) ?? 'not yet written';
  const end = old.revokedAtMs === null ? `valid until ${isoTimeOrNull(old.graceUntilMs)}` : 'revoked';
  runtime.out(`The old key is ${end}; last used: ${lastUse}${client} (written once a minute).`);
}

export function registerUpdate(keys: Command, runtime: Runtime, done: Done): void {
  const command = withKeyspaceOption(keys.command('update'))
    .description('Changes the name, owner or purpose of a key, or lets it expire earlier.')
    .argument('<key_id>', 'key_…')
    .option('--name <name>', 'what people call the key', parseText(100))
    .option('--owner <owner>', 'who answers for it', parseText(200))
    .option('--purpose <purpose>', 'what it is for', parseText(500))
    .option('--expires-in-days <days>', 'an earlier end than now', parseWholeNumber(1, 3650))
    .option(...jsonOption);
  command.action(async (keyId: string, options: UpdateOptions) => {
    requireKeyspaceOption(command, options);
    const { json, org: _org, host: _host, ...request } = options;
    done(
      await withServices(
        runtime,
        async (services) => {
          const key = await (await operateKeys(options, 'keys update', services)).update(keyId, request);
          if (json) printJson(runtime, { key: keyToWire(key) });
          else runtime.out(`Updated ${printable(key.name)} (${key.prefix}).`);
          return 0;
        },
        keyListing(options),
      ),
    );
  });
}
