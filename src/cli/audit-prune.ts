import { type FileHandle, open, rm } from 'node:fs/promises';
import { platform } from 'node:os';
import { dirname, resolve } from 'node:path';
import type { AuditEvent, ChainHead } from '../audit/audit-event.ts';
import type { AuditTrail } from '../audit/audit-trail.ts';
import { operatorRow } from '../audit/operator-row.ts';
import { verifyChain } from '../audit/verify.ts';
import { printable } from '../printable.ts';
import type { Services } from '../services.ts';
import { readRows, toNdjson } from './audit-export.ts';
import { formatChainHead } from './parse-option.ts';
import { type JsonOption, printJson } from './print.ts';
import type { ExitCode, Runtime } from './runtime.ts';

export type PruneOptions = JsonOption & { readonly before: number; readonly out: string };

type Removal = { readonly rows: number; readonly head: ChainHead };

/**
 * Exports the oldest rows to a new file and then removes them: from the start of the chain, up to the first row
 * that is not older than `before`. What is on disk in the file, and only that, leaves the store.
 */
export async function pruneAudit(
  options: PruneOptions,
  { store, now }: Services,
  runtime: Runtime,
): Promise<ExitCode> {
  const removal = await findRemoval(store.audit, options.before);
  if (removal === undefined) {
    if (options.json) printJson(runtime, { removed: 0, removed_head: null, file: null });
    else runtime.out('Nothing to prune: no row at the start of the trail is that old.');
    return 0;
  }
  const { brokenAt } = await verifyChain(store.audit);
  // A checkpoint over a broken part would make the chain look whole.
  if (brokenAt !== null && brokenAt <= removal.head.seq) {
    runtime.err(`The chain is broken at row ${brokenAt}; nothing was removed. See "tenantry audit verify".`);
    return 1;
  }
  const file = resolve(runtime.cwd, options.out);
  const problem = await writeNewFile(file, store.audit, removal.head);
  if (problem !== undefined) {
    runtime.err(`${printable(file)}: ${problem}; nothing was removed.`);
    return 1;
  }
  const removedHead = formatChainHead(removal.head);
  const act = { kind: 'checkpoint', tier: 'cli', target: 'audit prune', organizationId: null } as const;
  const checkpoint = operatorRow({ ...act, nowMs: now(), change: { removed_head: removedHead } });
  await store.audit.prune(removal.head.seq, checkpoint);
  if (options.json) printJson(runtime, { removed: removal.rows, removed_head: removedHead, file });
  else {
    runtime.out(`Rows removed: ${removal.rows}. They stand in ${printable(file)}.`);
    runtime.out(`Removed head: ${removedHead}`);
    runtime.out('The chain goes on from there: a checkpoint row, the newest, holds the removed head.');
  }
  return 0;
}

/** Undefined where not even the first row is older than `beforeMs`. */
async function findRemoval(trail: AuditTrail, beforeMs: number): Promise<Removal | undefined> {
  let last: AuditEvent | undefined;
  let rows = 0;
  for await (const chunk of readRows(trail, await trail.head())) {
    for (const row of chunk) {
      if (row.at >= beforeMs) return last && { rows, head: { seq: last.seq, hash: last.hash } };
      last = row;
      rows += 1;
    }
  }
  return last && { rows, head: { seq: last.seq, hash: last.hash } };
}

/** Writes the rows to `file`, which only its owner may read, down to the disk. Answers what went wrong, if anything. */
async function writeNewFile(file: string, trail: AuditTrail, head: ChainHead): Promise<string | undefined> {
  let handle: FileHandle;
  try {
    handle = await open(file, 'wx', 0o600);
  } catch (error) {
    return fileProblem(error);
  }
  try {
    for await (const rows of readRows(trail, head)) await handle.writeFile(toNdjson(rows));
    await handle.sync();
    await handle.close();
    await syncFolder(dirname(file));
    return undefined;
  } catch (error) {
    await handle.close();
    await rm(file);
    return fileProblem(error);
  }
}

/** The file's name must be on disk as well before the rows leave the store; Windows cannot open a folder. */
async function syncFolder(folder: string): Promise<void> {
  if (platform() === 'win32') return;
  await using handle = await open(folder);
  await handle.sync();
}

const problems: Readonly<Record<string, string>> = {
  EEXIST: 'the file exists already',
  ENOENT: 'the folder does not exist',
  EACCES: 'the folder may not be written to',
  EROFS: 'the folder may not be written to',
  ENOSPC: 'the disk is full',
};

/** @throws what is no error of the file system, such as the store's */
function fileProblem(error: unknown): string {
  if (!(error instanceof Error && 'syscall' in error && 'code' in error)) throw error;
  const code = String(error.code);
  return problems[code] ?? `the file cannot be written (${code})`;
}
