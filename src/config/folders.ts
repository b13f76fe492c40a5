import { realpathSync, type Stats, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { isEverybodys, isSticky, otherWriter } from './own-folder.ts';
import type { Environment } from './secrets.ts';

/** Where this machine keeps the data; null for a store that is no file of it. */
export type DataFolders = { readonly dataDir: string; readonly storeFile: string | null };

/**
 * The mistakes of folders in which somebody else could put a store in the place of ours, each with what to type. A
 * folder that is not there is no mistake: it is made for its owner alone. `uid` is undefined on a platform whose
 * folders have no mode.
 */
export function sharedFolders(
  { dataDir, storeFile }: DataFolders,
  env: Environment,
  uid: number | undefined,
): string[] {
  if (uid === undefined) return [];
  const ofStore = storeFile === null ? [] : [realFile(storeFile), storeFile];
  const folders = new Map([
    ...ofStore.map((file) => [dirname(file), 'store.url'] as const),
    [dataDir, env.TENANTRY_DATA_DIR ? 'TENANTRY_DATA_DIR' : 'dataDir'] as const,
  ]);
  return [...folders].flatMap(([folder, setting]) => {
    const said = `${setting}: expected a folder that no other user may`;
    const found = statSync(folder, { throwIfNoEntry: false });
    const other = found && otherWriter(found, uid);
    if (found !== undefined && other !== undefined) {
      const repair = repairOf(folder, found, uid);
      return [`${said} write to, and ${other} may write to ${folder}; ${repair}, or name another folder`];
    }
    const above = openFolderAbove(folder);
    if (above === undefined) return [];
    const expected = `${said} replace, and every user of this machine may replace what is in ${above}`;
    return [`${expected}; run "chmod o-w '${above}'", or name another folder`];
  });
}

/** On the way to `folder`, also behind links: where everybody may put another folder in the place of the next. */
function openFolderAbove(folder: string): string | undefined {
  const isThere = statSync(folder, { throwIfNoEntry: false }) !== undefined;
  const ways = isThere ? [folder, realpathSync(folder)] : [folder];
  return ways.flatMap(foldersAbove).find((above) => {
    const found = statSync(above, { throwIfNoEntry: false });
    return found !== undefined && isEverybodys(found) && !isSticky(found);
  });
}

function foldersAbove(folder: string): readonly string[] {
  const above = dirname(folder);
  return above === folder ? [] : [above, ...foldersAbove(above)];
}

/** The store may be a link; its log lies beside the file that it leads to. */
const realFile = (file: string): string =>
  statSync(file, { throwIfNoEntry: false }) === undefined ? file : realpathSync(file);

function repairOf(folder: string, found: Stats, uid: number): string {
  const { uid: owner } = found;
  if (owner !== uid && owner !== 0) return `run this as user ${owner}, or "chown -R ${uid} '${folder}'"`;
  // A folder such as /tmp is everybody's on purpose.
  return isSticky(found) ? 'name a folder inside it' : `run "chmod 700 '${folder}'"`;
}
