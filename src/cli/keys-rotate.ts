import { type Command, Option } from 'commander';
import { operatorRow } from '../audit/operator-row.ts';
import { AppError } from '../errors.ts';
import { parseKeyId } from '../ids.ts';
import { isoTimeOrNull } from '../iso-time.ts';
import { keyStatus } from '../keys/key-record.ts';
import { keepItWarning, keyToWire } from '../keys/key-wire.ts';
import { type Grace, graces } from '../keys/rotate.ts';
import { rotateKey } from '../keys/rotate-key.ts';
import { decideUpdate } from '../keys/update.ts';
import { printable } from '../printable.ts';
import type { Services } from '../services.ts';
import { findOrganization } from './find-organization.ts';
import { parseScopes, parseText, parseWholeNumber } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson } from './print.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

type OrgOption = JsonOption & { readonly org: string };
type RotateOptions = OrgOption & {
  readonly grace?: Grace;
  readonly scopes?: readonly string[];
  readonly dropScopes?: boolean;
};
type UpdateOptions = OrgOption & {
  readonly name?: string;
  readonly owner?: string;
  readonly purpose?: string;
  readonly expiresInDays?: number;
};
type Done = (code: ExitCode) => void;

const orgOption = ['--org <id>', 'the organisation, org_…'] as const;

export function registerRotate(keys: Command, runtime: Runtime, done: Done): void {
  keys
    .command('rotate')
    .description('Replaces a key without downtime; shows the plaintext of the replacement once.')
    .argument('<key_id>', 'key_…')
    .requiredOption(...orgOption)
    .addOption(
      new Option('--grace <time>', 'how long the old key stays valid').choices(graces).default('24h'),
    )
    .option('--scopes <list>', 'narrows to these of its scopes, comma-separated', parseScopes)
    .option('--drop-scopes', 'accepts that the replacement lacks scopes of the old key')
    .option(...jsonOption)
    .action(async (keyId: string, { json, org, ...request }: RotateOptions) =>
      done(
        await withServices(runtime, (services) =>
          rotate(keyId, org, request, json === true, services, runtime),
        ),
      ),
    );
}

async function rotate(
  keyIdText: string,
  org: string,
  request: Omit<RotateOptions, 'org' | 'json'>,
  json: boolean,
  services: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const { id } = await findOrganization(org, services);
  const { store, mintRules, now } = services;
  const { key, plaintext, old } = await rotateKey(
    id,
    requireKeyId(keyIdText),
    request,
    { operator: 'cli' },
    (change) => operatorRow({ tier: 'cli', target: 'keys rotate', organizationId: id, nowMs: now(), change }),
    { keys: store.keys, mintRules, now },
  );
  const replaced = {
    key_id: old.id,
    prefix: old.prefix,
    grace_until: isoTimeOrNull(old.graceUntilMs),
    last_used_at: isoTimeOrNull(old.lastUsedAtMs),
    last_client: old.lastClient,
  };
  if (json) {
    const view = { ...key, status: keyStatus(key, now(), mintRules.staleAfterDays) };
    printJson(runtime, { key: keyToWire(view), auth_token: plaintext, warning: keepItWarning, replaced });
    return 0;
  }
  runtime.out(
    `Replaced ${old.prefix} by ${key.prefix} (${key.id}) with ${key.scopes.join(' ') || 'no scopes'}.`,
  );
  runtime.out(`Key: ${plaintext}`);
  runtime.out(keepItWarning);
  const client = old.lastClient === null ? '' : ` by ${printable(old.lastClient)}`;
  runtime.out(
    `The old key is valid until ${replaced.grace_until}; last used: ${replaced.last_used_at ?? 'never'}${client}.`,
  );
  return 0;
}

export function registerUpdate(keys: Command, runtime: Runtime, done: Done): void {
  keys
    .command('update')
    .description('Changes the name, owner or purpose of a key, or lets it expire earlier.')
    .argument('<key_id>', 'key_…')
    .requiredOption(...orgOption)
    .option('--name <name>', 'what people call the key', parseText(100))
    .option('--owner <owner>', 'who answers for it', parseText(200))
    .option('--purpose <purpose>', 'what it is for', parseText(500))
    .option('--expires-in-days <days>', 'an earlier end than now', parseWholeNumber(1, 3650))
    .option(...jsonOption)
    .action(async (keyId: string, { json, org, ...request }: UpdateOptions) =>
      done(
        await withServices(runtime, async (services) => {
          const { id } = await findOrganization(org, services);
          const { store, mintRules, now } = services;
          const nowMs = now();
          const key = await store.keys.change(
            id,
            requireKeyId(keyId),
            null,
            (current) => decideUpdate(request, current, nowMs),
            ({ prefix }) => {
              const change = { updated: keyId, prefix, ...request };
              return operatorRow({ tier: 'cli', target: 'keys update', organizationId: id, nowMs, change });
            },
          );
          if (key === undefined) throw new AppError('KEY_NOT_FOUND');
          const view = { ...key, status: keyStatus(key, nowMs, mintRules.staleAfterDays) };
          if (json) printJson(runtime, { key: keyToWire(view) });
          else runtime.out(`Updated ${printable(key.name)} (${key.prefix}).`);
          return 0;
        }),
      ),
    );
}

function requireKeyId(text: string) {
  const id = parseKeyId(text);
  if (id === undefined) throw new AppError('KEY_NOT_FOUND');
  return id;
}
