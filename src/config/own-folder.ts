import { type Stats, statSync } from 'node:fs';
import { platform } from 'node:os';

const ROOT = 0;
const GROUP_WRITES = 0o020;
const OTHERS_WRITE = 0o002;

export const isEverybodys = ({ mode }: Pick<Stats, 'mode'>): boolean => (mode & OTHERS_WRITE) !== 0;

/** Who besides `uid` and root may put files into a folder, or take them away; undefined for nobody. */
export function otherWriter({ uid: owner, mode }: Pick<Stats, 'uid' | 'mode'>, uid: number) {
  if (owner !== uid && owner !== ROOT) return `user ${owner}, who owns it`;
  if (isEverybodys({ mode })) return 'every user of this machine';
  return (mode & GROUP_WRITES) === 0 ? undefined : 'its group';
}

const STICKY = 0o1000;

/** In a sticky folder, such as `/tmp`, nobody can rename or delete what is another user's. */
export const isSticky = ({ mode }: Pick<Stats, 'mode'>): boolean => (mode & STICKY) !== 0;

const OTHERS = 0o077;

/** Whether a file that is there is for its owner alone. Windows has no modes. */
export const isPrivate = (file: string): boolean =>
  platform() === 'win32' || (statSync(file).mode & OTHERS) === 0;
