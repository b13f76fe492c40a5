import { resolve } from 'node:path';
import { operatorRow } from '../audit/operator-row.ts';
import { verifyChain } from '../audit/verify.ts';
import { printable } from '../printable.ts';
import type { Reckoning, Restoration } from '../store.ts';
import { formatChainHead } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { requireConfig, sentenceOf } from './with-services.ts';

export const registerRestore: Register = (program, runtime, done) => {
  program
    .command('restore')
    .description(
      'Puts a backup in the place of the store, with every server stopped. Keys revoked since are revoked again; other keys changed since are held until "keys confirm".',
    )
    .argument('<file>', 'what "backup" made')
    .option(...jsonOption)
    .action(async (file: string, options: JsonOption) => done(await restore(file, options, runtime)));
};

async function restore(fileName: string, { json }: JsonOption, runtime: Runtime): Promise<ExitCode> {
  const config = requireConfig(runtime);
  if (config === undefined) return 78;
  const file = resolve(runtime.cwd, fileName);
  let restoration: Restoration | undefined;
  try {
    restoration = runtime.openRestoration(config, file);
    const { brokenAt, problem } = await verifyChain(restoration);
    if (problem !== null)
      throw new Error(`the audit chain of ${file} is broken at row ${brokenAt}: ${problem}`);
    const told = putInPlace(restoration, file, runtime);
    if (json) printJson(runtime, told);
    else printRestored(told, config.storeFile, runtime);
    return 0;
  } catch (error) {
    runtime.err(printable(`Nothing was restored: ${sentenceOf(error)}.`));
    return 1;
  } finally {
    restoration?.close();
  }
}

type Told = {
  readonly restored: string;
  readonly head_before: string | null;
  readonly head_after: string;
  readonly keys: number;
  readonly ledger: Reckoning['coverage'];
  readonly revoked: number;
  readonly withdrawn: number;
  readonly held: number;
  readonly organizations: number;
  readonly kept_file: string | null;
  readonly rows_in_kept_file_only: number | null;
};

function putInPlace({ snapshot, replaced, finish }: Restoration, file: string, { now }: Runtime): Told {
  const headBefore = replaced === null ? null : formatChainHead(replaced.head);
  const headAfter = formatChainHead(snapshot.head);
  const { reckoning, keptFile } = finish(({ coverage, ...counts }) =>
    operatorRow({
      tier: 'cli',
      target: 'restore',
      organizationId: null,
      nowMs: now(),
      change: { file, head_before: headBefore, head_after: headAfter, ledger: coverage, ...counts },
    }),
  );
  const { coverage, revoked, withdrawn, held, organizations } = reckoning;
  return {
    restored: file,
    head_before: headBefore,
    head_after: headAfter,
    keys: snapshot.keys,
    ledger: coverage,
    revoked,
    withdrawn,
    held,
    organizations,
    kept_file: keptFile,
    rows_in_kept_file_only: replaced?.rowsSince ?? null,
  };
}

const whyAll: Readonly<Record<Reckoning['coverage'], string | null>> = {
  whole: null,
  missing: 'There is no ledger beside the store, so nothing can tell what changed since: every key is held.',
  short: 'The ledger does not cover the time since the backup, so every key is held.',
};

function printRestored(told: Told, storeFile: string, { out }: Runtime): void {
  out(
    `Restored ${printable(told.restored)} with ${told.keys} keys; the audit goes on from ${told.head_after}.`,
  );
  const why = whyAll[told.ledger];
  if (why !== null) out(why);
  out(`Keys revoked again: ${told.revoked}. Keys held: ${told.held}.`);
  if (told.withdrawn > 0) out(`Grants of host keys withdrawn again: ${told.withdrawn}.`);
  if (told.organizations > 0) out(`Organisations deleted or suspended again: ${told.organizations}.`);
  if (told.held > 0) {
    out(
      'A held key is refused until it is confirmed; "tenantry keys review --org org_…" and "--host" name them.',
    );
  }
  out('People and groups are as they were at the backup; look through them before you confirm their keys.');
  out('Keys minted since the backup are not in the store: whoever used one needs a new one.');
  if (told.kept_file === null) return;
  out(`The store replaced, ${printable(storeFile)}, is kept as ${printable(told.kept_file)}.`);
  const rows = told.rows_in_kept_file_only;
  out(
    rows === null
      ? 'Its audit rows stand there alone: the backup is not of its past.'
      : `Its ${rows} audit rows since the backup stand there alone; its head was ${told.head_before}.`,
  );
}
