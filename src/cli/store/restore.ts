import { resolve } from 'node:path';
import { formatHead } from '../../audit/chain/chain-head.ts';
import { verifyChain } from '../../audit/chain/verify.ts';
import { operatorRow } from '../../audit/operator-row.ts';
import { printable } from '../../secrets/printable.ts';
import type { RecoveryReport } from '../../store/store.ts';
import type { Restoration } from '../../store/store-files.ts';
import { type JsonOption, jsonOption, printJson } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { requireConfig, sentenceOf } from '../with-services.ts';
import { nameStore, requireFiles } from './store-used.ts';

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
  nameStore(config, runtime);
  let restoration: Restoration | undefined;
  try {
    const files = requireFiles(runtime.locateStore(config));
    restoration = await files.openRestoration(file);
    const { brokenAt, problem } = await verifyChain(restoration);
    if (problem !== null)
      throw new Error(`the audit chain of ${file} is broken at row ${brokenAt}: ${problem}`);
    const report = await putInPlace(restoration, file, runtime);
    if (json) printJson(runtime, report);
    else printRestored(report, files.file, runtime);
    return 0;
  } catch (error) {
    runtime.err(printable(`Nothing was restored: ${sentenceOf(error)}.`));
    return 1;
  } finally {
    await restoration?.close();
  }
}

type Report = {
  readonly restored: string;
  readonly head_before: string | null;
  readonly head_after: string;
  readonly keys: number;
  readonly ledger: RecoveryReport['coverage'];
  readonly revoked: number;
  readonly withdrawn: number;
  readonly held: number;
  readonly organizations: number;
  readonly kept_file: string | null;
  readonly rows_in_kept_file_only: number | null;
};

async function putInPlace(
  { snapshot, replaced, finish }: Restoration,
  file: string,
  { now }: Runtime,
): Promise<Report> {
  const headBefore = replaced === null ? null : formatHead(replaced.head);
  const headAfter = formatHead(snapshot.head);
  const { recoveryReport, keptFile } = await finish(({ coverage, ...counts }) =>
    operatorRow({
      tier: 'cli',
      target: 'restore',
      organizationId: null,
      nowMs: now(),
      change: { file, head_before: headBefore, head_after: headAfter, ledger: coverage, ...counts },
    }),
  );
  const { coverage, revoked, withdrawn, held, organizations } = recoveryReport;
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

const whyAll: Readonly<Record<RecoveryReport['coverage'], string | null>> = {
  whole: null,
  missing: 'There is no ledger beside the store, so nothing can tell what changed since: every key is held.',
  short: 'The ledger does not cover the time since the backup, so every key is held.',
};

function printRestored(report: Report, storeFile: string, { out }: Runtime): void {
  out(
    `Restored ${printable(report.restored)} with ${report.keys} keys; the audit goes on from ${report.head_after}.`,
  );
  const why = whyAll[report.ledger];
  if (why !== null) out(why);
  out(`Keys revoked again: ${report.revoked}. Keys held: ${report.held}.`);
  if (report.withdrawn > 0) out(`Grants of host keys withdrawn again: ${report.withdrawn}.`);
  if (report.organizations > 0) out(`Organisations deleted or suspended again: ${report.organizations}.`);
  if (report.held > 0) {
    out(
      'A held key is refused until it is confirmed; "tenantry keys review --org org_…" and "--host" name them.',
    );
  }
  out('People and groups are as they were at the backup; look through them before you confirm their keys.');
  out('Keys minted since the backup are not in the store: their users need new ones.');
  if (report.kept_file === null) return;
  out(`The store replaced, ${printable(storeFile)}, is kept as ${printable(report.kept_file)}.`);
  const rows = report.rows_in_kept_file_only;
  out(
    rows === null
      ? 'Its audit rows stand there alone: the backup is not of its past.'
      : `Its ${rows} audit rows since the backup stand there alone; its head was ${report.head_before}.`,
  );
}
