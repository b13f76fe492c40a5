import { InvalidArgumentError } from 'commander';
import type { Permission } from '../../members/member.ts';
import type { Services } from '../../server/services.ts';
import { unknownNames } from '../../words/did-you-mean.ts';
import { parseText } from '../parse-option.ts';
import type { Runtime } from '../runtime.ts';

const LONGEST_PERMISSION = 100;
const MOST_PERMISSIONS = 100;

/** One word of an argument; of those that take several, commander hands in the ones before. */
export function parseWord(text: string, before: unknown): string | readonly string[] {
  const word = parseText(LONGEST_PERMISSION)(text);
  return Array.isArray(before) ? [...before, word] : [word];
}

export const parsePermissions = (text: string): readonly Permission[] =>
  limited(text.split(',').map(parseText(LONGEST_PERMISSION)));

/** As many as the tools allow. */
export function limited(permissions: readonly Permission[]): readonly Permission[] {
  const distinct = [...new Set(permissions)];
  if (distinct.length <= MOST_PERMISSIONS) return distinct;
  throw new InvalidArgumentError(`Expected at most ${MOST_PERMISSIONS} permissions.`);
}

/** A mistyped permission would look like one that was taken. */
export function warnOfUngranted(
  words: readonly string[],
  granted: readonly Permission[],
  warn: (line: string) => void,
): void {
  const others = words.filter((word) => !granted.includes(word));
  if (others.length > 0)
    warn(`warning: the group did not grant what was named: ${unknownNames(others, granted)}`);
}

/** A permission that no configuration maps allows nothing, and is rarely meant. */
export function warnOfUnmapped(
  permissions: readonly Permission[],
  { config }: Services,
  { err }: Runtime,
): void {
  const mapped = Object.keys(config.permissions);
  const unmapped = permissions.filter((permission) => !mapped.includes(permission));
  if (unmapped.length === 0) return;
  err(
    `warning: "permissions" of the configuration maps no such name, so it allows nothing: ${unknownNames(unmapped, mapped)}`,
  );
}
