import { chmodSync, statSync } from 'node:fs';
import { platform } from 'node:os';

const OWNER_ONLY = 0o600;
const OTHERS = 0o077;

/** Removes other users' access to an existing file. Windows has no modes. */
export function keepPrivate(file: string): void {
  if (platform() === 'win32') return;
  const found = statSync(file, { throwIfNoEntry: false });
  if (found?.isFile() && (found.mode & OTHERS) !== 0) chmodSync(file, OWNER_ONLY);
}
