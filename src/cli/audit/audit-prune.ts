import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { type AuditEvent, type ChainHead, chainPoint } from '../../audit/audit-event.ts';
import type { AuditTrail } from '../../audit/audit-trail.ts';
import { formatHead } from '../../audit/chain/chain-head.ts';
import { checkpointRow } from '../../audit/chain/checkpoint.ts';
import { createHeadSigner, type HeadSigner } from '../../audit/chain/head-signer.ts';
import { type ChainReport, verifyChain } from '../../audit/chain/verify.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { fileProblem, withNewFile } from '../keys/secret-file.ts';
import { type JsonOption, printJson } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { readRows, toNdjson } from './audit-export.ts';
import { readPrunedFiles } from './pruned-files.ts';

export type PruneOptions = JsonOption & {
  readonly before: number;
  readonly out: string;
  readonly pruned: readonly string[];
};

/** What leaves the store: so many rows, in portions that end with these heads. */
type Removal = { readonly rows: number; readonly head: ChainHead; readonly ends: readonly ChainHead[] };

/** Rows that leave in one transaction, some 50 ms long: servers wait for it. */
const PORTION = 5000;

/**
 * Exports the oldest rows to a new file and then removes them: from the start of the chain, up to the first row
 * that is not older than `before`. What is on disk in the file, and only that, leaves the store: a portion at a time,
 * each with its own checkpoint, so that the chain is whole wherever it is interrupted.
 */
export async function pruneAudit(
  options: PruneOptions,
  services: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const file = resolve(runtime.cwd, options.out);
  const made = await withNewFile(file, (handle) => pruneInto({ handle, file }, options, services, runtime));
  if ('done' in made) return made.done;
  runtime.err(`${printable(file)}: ${made.problem}; nothing was removed.`);
  return 1;
}

type NewFile = { readonly handle: FileHandle; readonly file: string };

async function pruneInto(
  { handle, file }: NewFile,
  options: PruneOptions,
  { store, config, now }: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const removal = await findRemoval(store.audit, options.before);
  if (removal === undefined) {
    if (options.json) printJson(runtime, { removed: 0, removed_head: null, file: null });
    else runtime.out('Nothing to prune: no row at the start of the trail is that old. No file was made.');
    return 0;
  }
  const signer = createHeadSigner(config.auditKey);
  const pruned = await readPrunedFiles(options.pruned, runtime.cwd);
  const objection = objectionTo(removal.head, await verifyChain(store.audit, { signer, pruned }), signer);
  if (objection !== undefined) {
    runtime.err(objection);
    return 1;
  }
  const problem = await writeRows(handle, store.audit, removal.head);
  if (problem !== undefined) {
    runtime.err(`${printable(file)}: ${problem}; nothing was removed.`);
    return 1;
  }
  const removedHead = formatHead(removal.head, signer);
  for (const removed of removal.ends) {
    const startedMs = performance.now();
    await store.audit.prune(removed, (head) => checkpointRow({ removed, head, at: now() }, signer));
    // Servers that waited for the lock have it for as long.
    if (removed !== removal.head) await setTimeout(performance.now() - startedMs);
  }
  if (options.json) printJson(runtime, { removed: removal.rows, removed_head: removedHead, file });
  else {
    runtime.out(`Rows removed: ${removal.rows}. They are in ${printable(file)}.`);
    runtime.out(`Removed head: ${removedHead}`);
    runtime.out('The chain goes on from there: a checkpoint row, the newest, holds the removed head.');
  }
  return 0;
}

/** Why the rows up to `head` must stay, in a sentence; undefined where they may go. */
function objectionTo(
  head: ChainHead,
  { brokenAt, unproven }: Pick<ChainReport, 'brokenAt' | 'unproven'>,
  { signs }: Pick<HeadSigner, 'signs'>,
): string | undefined {
  // A checkpoint over a broken part would make the chain look whole.
  if (brokenAt !== null && brokenAt <= head.seq)
    return `The chain is broken at row ${brokenAt}; nothing was removed. See "tenantry audit verify".`;
  // A signature says that the pruned rows were verified.
  if (signs && unproven !== null)
    return `Not signed, since the chain is not proven: ${unproven}. Nothing was removed.`;
  return undefined;
}

/** Undefined where not even the first row is older than `beforeMs`. */
async function findRemoval(trail: AuditTrail, beforeMs: number): Promise<Removal | undefined> {
  const ends: ChainHead[] = [];
  let head: ChainHead | undefined;
  let rows = 0;
  for await (const { at, seq, hash } of rowsUpTo(trail, await trail.head())) {
    if (at >= beforeMs) break;
    head = { ...chainPoint(seq), hash };
    rows += 1;
    if (rows % PORTION === 0) ends.push(head);
  }
  if (head === undefined) return undefined;
  return { rows, head, ends: ends.at(-1) === head ? ends : [...ends, head] };
}

async function* rowsUpTo(trail: AuditTrail, head: ChainHead): AsyncGenerator<AuditEvent> {
  for await (const rows of readRows(trail, head)) yield* rows;
}

/** Writes the rows down to the disk. Answers what went wrong, if anything; the file is empty then. */
async function writeRows(
  handle: FileHandle,
  trail: AuditTrail,
  head: ChainHead,
): Promise<string | undefined> {
  try {
    for await (const rows of readRows(trail, head)) await handle.writeFile(toNdjson(rows));
    await handle.sync();
    return undefined;
  } catch (error) {
    await handle.truncate();
    return fileProblem(error);
  }
}
