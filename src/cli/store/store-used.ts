import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Config } from '../../config/load-config.ts';
import { printable } from '../../secrets/printable.ts';
import type { StoreFiles, StoreLocation } from '../../store/store-files.ts';
import type { Runtime } from '../runtime.ts';

/** Whether there is a store there; an empty file is none yet. What cannot be report is left to the opening. */
export function hasStore({ files }: StoreLocation): boolean {
  if (files === null) return true;
  try {
    return (statSync(files.file, { throwIfNoEntry: false })?.size ?? 0) > 0;
  } catch {
    return true;
  }
}

/** The store, and what makes it this one: `/srv/a/tenantry.db (TENANTRY_DATA_DIR)`. */
export function describeStore(config: Config, { env, cwd, locateStore }: Runtime): string {
  const { name } = locateStore(config);
  const variable = ['TENANTRY_STORE_URL', 'TENANTRY_DATA_DIR', 'TENANTRY_CONFIG'].find((each) => env[each]);
  const named = variable ?? (isDefaultStore(name, cwd) ? undefined : config.file);
  return printable(named === undefined ? name : `${name} (${named})`);
}

/** @throws a sentence for a store that is no file of this machine */
export function requireFiles({ name, files }: StoreLocation): StoreFiles {
  if (files !== null) return files;
  throw new Error(`the store ${name} is no file of this machine; copy and restore it with its own tools`);
}

/** Names the store on standard error, unless it is this folder's. */
export function nameStore(config: Config, runtime: Runtime): void {
  if (runtime.isWorker || isDefaultStore(runtime.locateStore(config).name, runtime.cwd)) return;
  runtime.err(`store: ${describeStore(config, runtime)}`);
}

/** A person who types a command in this folder, and sets nothing, means this store. */
const isDefaultStore = (name: string, cwd: string): boolean => name === resolve(cwd, 'data', 'tenantry.db');
