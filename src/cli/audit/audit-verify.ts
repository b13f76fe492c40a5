import type { KeptHead } from '../../audit/chain/chain-head.ts';
import { formatHead } from '../../audit/chain/chain-head.ts';
import { createHeadSigner, type SignatureVerdict } from '../../audit/chain/head-signer.ts';
import { type ChainReport, verifyChain } from '../../audit/chain/verify.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { isoTime } from '../../time.ts';
import { type JsonOption, printJson } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { readPrunedFiles } from './pruned-files.ts';

export type VerifyOptions = JsonOption & { readonly head?: KeptHead; readonly pruned: readonly string[] };

/** Says what was changed, removed or pruned; exits 0 only for a chain that is whole and accounted for. */
export async function verifyAudit(
  { json, head: kept, pruned: files }: VerifyOptions,
  { store, config }: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const signer = createHeadSigner(config.auditKey);
  const pruned = await readPrunedFiles(files, runtime.cwd);
  const report = await verifyChain(store.audit, { kept, signer, pruned });
  const verdict = kept === undefined ? 'none' : signer.judgeHead(kept, kept.signature);
  const problem = problemOf(report, kept, verdict);
  const { rows, brokenAt, openIntents } = report;
  // Only a whole chain is signed.
  const head = formatHead(report.head, problem === null ? signer : undefined);
  if (json) {
    const checkpoints = report.checkpoints.map(checkpointToWire);
    const found = { ok: problem === null, rows, head, broken_at: brokenAt, problem: problem?.text ?? null };
    const signature = kept === undefined ? {} : { head_signature: verdict };
    printJson(runtime, { ...found, ...signature, checkpoints, open_intents: openIntents });
    return problem === null ? 0 : 1;
  }
  if (problem === null) runtime.out(`ok: ${rows} rows, head ${head}`);
  else
    runtime.err(
      problem.isBreak ? `BROKEN at row ${brokenAt}: ${problem.text}.` : `NOT PROVEN: ${problem.text}.`,
    );
  for (const checkpoint of report.checkpoints) runtime.out(checkpointLine(checkpoint));
  if (verdict === 'unchecked')
    runtime.out('The signature of the head given was not checked: AUDIT_KEY is not set.');
  for (const requestId of openIntents) {
    runtime.out(`open intent: ${printable(requestId)} was about to write and its outcome is not recorded`);
  }
  return problem === null ? 0 : 1;
}

type Problem = { readonly text: string; readonly isBreak: boolean };

function problemOf(
  report: ChainReport,
  kept: KeptHead | undefined,
  verdict: SignatureVerdict,
): Problem | null {
  const { brokenAt, rows, head, problem, unproven } = report;
  const isPruned = kept !== undefined && brokenAt === kept.seq && kept.seq <= head.seq - rows;
  if (isPruned) return { text: 'the head given lies in rows that were pruned', isBreak: false };
  if (problem !== null) return { text: problem, isBreak: true };
  if (unproven !== null) return { text: unproven, isBreak: false };
  return verdict === 'wrong'
    ? { text: 'the signature of the head given does not fit AUDIT_KEY', isBreak: false }
    : null;
}

type ReportedCheckpoint = ChainReport['checkpoints'][number];

const checkpointToWire = ({ seq, at, by, removed, signature, proof }: ReportedCheckpoint) => ({
  row: seq,
  at: isoTime(at),
  by,
  removed_through: removed.seq,
  removed_head: formatHead(removed),
  signature,
  proof,
});

const signatureWords: Readonly<Record<SignatureVerdict, string>> = {
  valid: 'its signature is valid',
  wrong: 'ITS SIGNATURE DOES NOT FIT AUDIT_KEY',
  unchecked: 'its signature was not checked: AUDIT_KEY is not set',
  none: 'it is not signed',
};

function checkpointLine({ seq, at, by, removed, signature, proof }: ReportedCheckpoint): string {
  const shown = proof === 'file' ? ', the rows were given' : '';
  const pruning = `checkpoint in row ${seq}: ${by} pruned the rows up to ${removed.seq} at ${isoTime(at)}`;
  return printable(`${pruning}; ${signatureWords[signature]}${shown}`);
}
