import { rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { formatHead } from '../../audit/chain/chain-head.ts';
import { createHeadSigner } from '../../audit/chain/head-signer.ts';
import { signWhole, unsignedLine } from '../../audit/chain/sign-whole.ts';
import { operatorRow } from '../../audit/operator-row.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { openSecretFile } from '../keys/secret-file.ts';
import { type JsonOption, jsonOption, printJson } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { withServices } from '../with-services.ts';
import { requireFiles } from './store-used.ts';

type BackupOptions = JsonOption & { readonly out: string };

export const registerBackup: Register = (program, runtime, done) => {
  program
    .command('backup')
    .description('Copies the store as it is now, while servers run on it, to a new file for "restore".')
    .requiredOption('--out <file>', 'the file to make; it must not exist, and only you may read it')
    .option(...jsonOption)
    .action(async (options: BackupOptions) =>
      done(await withServices(runtime, (services) => backup(options, services, runtime))),
    );
};

async function backup(
  { json, out }: BackupOptions,
  { store, storeLocation, config, now }: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const files = requireFiles(storeLocation);
  const file = resolve(runtime.cwd, out);
  const opened = await openSecretFile(file);
  if (typeof opened === 'string') {
    runtime.err(`${printable(file)}: ${opened}; nothing was copied.`);
    return 1;
  }
  await opened.close();
  const { head, keys } = await files.backup(file).catch(async (error: unknown) => {
    await rm(file);
    throw error;
  });
  const { signature, unsigned } = await signWhole(store.audit, head, createHeadSigner(config.auditKey));
  const chainHead = formatHead(head, { signHead: () => signature });
  if (unsigned !== null) runtime.err(unsignedLine(unsigned));
  // A copy of every hash left the store: the trail says so afterwards, so that the copy does not hold that row.
  const change = { file, head: chainHead, keys };
  await store.audit.append(
    operatorRow({ tier: 'cli', target: 'backup', organizationId: null, nowMs: now(), change }),
  );
  if (json) {
    printJson(runtime, { file, head: chainHead, keys });
    return 0;
  }
  runtime.out(`Copied the store to ${printable(file)}.`);
  runtime.out(`Chain head: ${chainHead}`);
  runtime.out(`Keys: ${keys}`);
  runtime.out(
    `Keep ${printable(files.ledgerFile)} beside the store, or a restore holds every key until confirmed.`,
  );
  return 0;
}
