import { existsSync, linkSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type Database from 'better-sqlite3';
import type { AuditChain, ChainHead } from '../src/audit/audit-event.ts';
import type { Restoration } from '../src/store.ts';
import { prepareAppend, prepareHead } from './audit-chain.ts';
import { createAuditTrail } from './audit-trail.ts';
import { describeSnapshot, syncFile } from './backup.ts';
import { and, drizzle, eq } from './drizzle.ts';
import { watchChanges } from './ledger.ts';
import { createLedgerFile } from './ledger-file.ts';
import { lockStore, openStaged, stageSnapshot } from './restore-files.ts';
import { audit } from './schema.ts';
import { settleLedger } from './settle-ledger.ts';
import { syncFolder } from './sync-folder.ts';

type RestoreOptions = { readonly auditChain: AuditChain; readonly now: () => number };

/**
 * Locks the store in `file` against everybody and prepares a copy of the snapshot beside it.
 *
 * @throws a sentence: the store is in use, the snapshot is no store, is damaged or is newer than the program
 */
export function openRestoration(file: string, snapshotFile: string, options: RestoreOptions): Restoration {
  const { auditChain, now } = options;
  const inPlace = lockStore(file);
  const stagedFile = `${file}.restoring`;
  let staged: Database.Database | undefined;
  const close = (): void => {
    staged?.close();
    rmSync(stagedFile, { force: true });
    inPlace?.close();
  };
  try {
    stageSnapshot(snapshotFile, file, stagedFile);
    const copy = openStaged(stagedFile, snapshotFile);
    staged = copy;
    const snapshot = describeSnapshot(copy);
    const all = { auth: copy, control: copy, audit: copy, listing: copy };
    return {
      snapshot,
      replaced: inPlace === undefined ? null : describeReplaced(inPlace, snapshot.head),
      readChain: createAuditTrail(all, auditChain).readChain,
      finish(auditRow) {
        const ledger = createLedgerFile(file);
        watchChanges(copy, ledger, now);
        const append = prepareAppend(copy, auditChain);
        const reckoning = settleLedger(copy, ledger, { append, now, auditRow, isRestored: true });
        if (reckoning === null) throw new Error('a restored store was not held against its ledger');
        copy.close();
        syncFile(stagedFile);
        const keptFile = `${file}.replaced-${new Date(now()).toISOString().replaceAll(/[-:]/g, '')}`;
        takePlace(stagedFile, file, keptFile);
        return { reckoning, keptFile: inPlace === undefined ? null : keptFile };
      },
      close,
    };
  } catch (thrown) {
    close();
    throw thrown;
  }
}

/** At no instant is there no store under the name, or one that was not held against the ledger. */
function takePlace(stagedFile: string, file: string, keptFile: string): void {
  // A log without its store, or of another one, would be played into the store that comes.
  for (const suffix of ['-wal', '-shm', '-journal']) {
    if (existsSync(file + suffix)) renameSync(file + suffix, keptFile + suffix);
  }
  if (existsSync(file)) keep(file, keptFile);
  renameSync(stagedFile, file);
  syncFolder(dirname(file));
}

function keep(file: string, keptFile: string): void {
  try {
    linkSync(file, keptFile);
  } catch (error) {
    if (existsSync(keptFile)) throw error;
    // A file system without links.
    renameSync(file, keptFile);
  }
}

/** `rowsSince` is null where the snapshot is not of this store's own past. */
function describeReplaced(inPlace: Database.Database, snapshotHead: ChainHead): Restoration['replaced'] {
  const head = prepareHead(inPlace)();
  const isPast =
    snapshotHead.seq === 0 ||
    drizzle(inPlace)
      .select({ seq: audit.seq })
      .from(audit)
      .where(and(eq(audit.seq, snapshotHead.seq), eq(audit.hash, snapshotHead.hash)))
      .get() !== undefined;
  return { head, rowsSince: isPast ? head.seq - snapshotHead.seq : null };
}
