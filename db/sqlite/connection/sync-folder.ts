import { closeSync, fsyncSync, openSync } from 'node:fs';
import { platform } from 'node:os';

/** Brings the names in a folder to the disk; Windows cannot open one. */
export function syncFolder(folder: string): void {
  if (platform() === 'win32') return;
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}
