import { lstatSync, mkdirSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { isSticky, otherWriter } from '../config/own-folder.ts';

/**
 * The folder of Node's compile cache: beside the packages of the program in `root`, never in a temporary folder.
 * Node runs what it finds there, so the answer is undefined (no cache, a slower start) where anybody but `uid` and
 * root could write it. `uid` is undefined on a platform whose folders have no mode.
 */
export function compileCacheFolder(root: string, uid: number | undefined): string | undefined {
  const above = dirname(root);
  const packages = basename(above) === 'node_modules' ? above : join(root, 'node_modules');
  try {
    const folder = join(realpathSync(packages), '.cache', 'tenantry');
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return uid === undefined || isOwn(folder, uid) ? folder : undefined;
  } catch {
    // A program that root installed keeps no cache for other users.
    return undefined;
  }
}

function isOwn(folder: string, uid: number): boolean {
  // The owner of a link may point it elsewhere.
  if (realpathSync(folder) !== folder) return false;
  const found = lstatSync(folder);
  return found.uid === uid && otherWriter(found, uid) === undefined && isKept(dirname(folder), uid);
}

/** Nobody else can put another folder in the place of one on the way to it. */
function isKept(folder: string, uid: number): boolean {
  const found = lstatSync(folder);
  const mode = isSticky(found) ? 0 : found.mode;
  if (otherWriter({ uid: found.uid, mode }, uid) !== undefined) return false;
  const above = dirname(folder);
  return above === folder || isKept(above, uid);
}
