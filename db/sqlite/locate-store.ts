import { resolve } from 'node:path';
import type { StoreFiles, StoreLocation } from '../../src/store/store-files.ts';
import { backupStore } from './recovery/backup.ts';
import { ledgerFileOf } from './recovery/ledger-file.ts';
import { openRestoration, type RestoreOptions } from './recovery/restore.ts';

const SCHEME = 'sqlite:';

/** The store that a URL such as `sqlite:tenantry.db` names; a relative path is in `dataDir`. Nothing is opened. */
export function locateStore(
  url: string,
  dataDir: string,
  options: RestoreOptions,
): StoreLocation & { readonly files: StoreFiles } {
  const file = resolve(dataDir, url.slice(SCHEME.length));
  return {
    name: file,
    files: {
      file,
      ledgerFile: ledgerFileOf(file),
      backup: (copy) => backupStore(file, copy),
      openRestoration: (snapshotFile) => openRestoration(file, snapshotFile, options),
    },
  };
}
