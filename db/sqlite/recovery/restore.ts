import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import type { ChainHead } from '../../../src/audit/audit-event.ts';
import type { AuditChain } from '../../../src/audit/chain/row-hash.ts';
import type { Clock } from '../../../src/clock.ts';
import type { Restoration } from '../../../src/store/store-files.ts';
import { keepPrivate } from '../connection/private-file.ts';
import { syncFile, syncFolder } from '../connection/sync-folder.ts';
import { headOf, isInChain, prepareAppend, prepareHead } from '../rows/audit-chain.ts';
import { createAuditTrail } from '../stores/audit-trail.ts';
import { describeSnapshot } from './backup.ts';
import { watchChanges } from './ledger.ts';
import { createLedgerFile } from './ledger-file.ts';
import { newestInstant } from './newest-instant.ts';
import { replayLedger } from './replay-ledger.ts';
import { lockStore, openStaged, stageSnapshot } from './restore-files.ts';

export type RestoreOptions = {
  readonly auditChain: AuditChain;
  readonly clock: Clock;
};

/**
 * Locks the store in `file` against every other process and prepares a copy of the snapshot beside it.
 *
 * @throws Error with a sentence for the operator: the store is in use, or the snapshot is no store, is damaged or is
 * newer than the program
 */
export async function openRestoration(
  file: string,
  snapshotFile: string,
  options: RestoreOptions,
): Promise<Restoration> {
  const { auditChain } = options;
  const { now, observe } = options.clock;
  const inPlace = lockStore(file);
  const stagedFile = `${file}.restoring`;
  let staged: Database.Database | undefined;
  const close = async (): Promise<void> => {
    staged?.close();
    rmSync(stagedFile, { force: true });
    inPlace?.close();
  };
  try {
    stageSnapshot(snapshotFile, file, stagedFile);
    const copy = openStaged(stagedFile, snapshotFile);
    staged = copy;
    const ledger = createLedgerFile(file);
    // The clock continues from the latest instant of both stores and the ledger.
    for (const store of inPlace === undefined ? [copy] : [copy, inPlace]) {
      observe(newestInstant(store, ledger.newest()));
    }
    const snapshot = describeSnapshot(copy);
    const all = { auth: copy, control: copy, audit: copy, listing: copy };
    return {
      snapshot,
      replaced: inPlace === undefined ? null : describeReplaced(inPlace, snapshot.head),
      readChain: createAuditTrail(all, auditChain).readChain,
      async finish(auditRow) {
        watchChanges(copy, ledger, now);
        const append = prepareAppend(copy, auditChain);
        const recoveryReport = replayLedger(copy, ledger, { append, now, auditRow, isRestored: true });
        if (recoveryReport === null) throw new Error('a restored store was not held against its ledger');
        copy.close();
        syncFile(stagedFile);
        const keptFile = `${file}.replaced-${new Date(now()).toISOString().replaceAll(/[-:]/g, '')}`;
        takePlace(stagedFile, file, keptFile);
        return { recoveryReport, keptFile: inPlace === undefined ? null : keptFile };
      },
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

/**
 * Replaces the store. Where hard links work, the path names a store at every instant, and the new one only after it was
 * compared with the ledger.
 */
function takePlace(stagedFile: string, file: string, keptFile: string): void {
  // SQLite would play a WAL or journal of the old store into the new one.
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, keptFile + suffix);
  }
  if (existsSync(file)) keep(file, keptFile);
  for (const suffix of ['', '-wal', '-shm', '-journal']) keepPrivate(keptFile + suffix);
  renameSync(stagedFile, file);
  syncFolder(dirname(file));
}

function keep(file: string, keptFile: string): void {
  try {
    linkSync(file, keptFile);
  } catch (error) {
    if (existsSync(keptFile)) throw error;
    // No hard links on this file system: for an instant the path names nothing.
    renameSync(file, keptFile);
  }
}

/** `rowsSince` is null when the snapshot is not an earlier state of this store. */
function describeReplaced(inPlace: Database.Database, snapshotHead: ChainHead): Restoration['replaced'] {
  const head = headOf(prepareHead(inPlace)());
  const isPast = snapshotHead.seq === 0 || isInChain(inPlace, snapshotHead);
  return { head, rowsSince: isPast ? head.seq - snapshotHead.seq : null };
}
