import { closeSync, fsyncSync, openSync } from 'node:fs';
import { platform } from 'node:os';
import { dirname } from 'node:path';

/** Flushes the names of a folder to disk. Windows cannot open a folder. */
export function syncFolder(folder: string): void {
  if (platform() !== 'win32') flush(folder, 'r');
}

/** Flushes a file and its name to disk. */
export function syncFile(file: string): void {
  flush(file, 'r+');
  syncFolder(dirname(file));
}

function flush(file: string, flags: string): void {
  const handle = openSync(file, flags);
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
