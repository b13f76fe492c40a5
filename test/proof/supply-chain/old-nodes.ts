import { execFileSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isAtLeast } from './packages.ts';

export const LEAST_NODE = '24.14.1';

/** Every Node of this machine that is older than ours may be. */
export function oldNodes(): readonly { readonly file: string; readonly version: string }[] {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/local/bin'];
  const files = folders.map((folder) => join(folder, 'node')).filter(existsSync);
  return [...new Set(files.map((file) => realpathSync(file)))]
    .map((file) => ({ file, version: versionOf(file) }))
    .filter(({ version }) => /^\d+\.\d+\.\d+$/.test(version) && !isAtLeast(version, LEAST_NODE));
}

/** Whether one line says what is needed, what is there, and what to type. */
export const tellsOldNode = (said: string, version: string): boolean =>
  said.startsWith(`tenantry needs Node ${LEAST_NODE} or later; this is v${version}. Type "npx -y node@24 `) &&
  said.trim().split('\n').length === 1;

function versionOf(file: string): string {
  try {
    return execFileSync(file, ['--version'], { encoding: 'utf8' }).trim().slice(1);
  } catch {
    return '';
  }
}
