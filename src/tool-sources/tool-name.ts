import { hash } from 'node:crypto';

const LONGEST_NAME = 64;
const HASH_LENGTH = 8;

/**
 * `repos/listForOrg` becomes `<prefix>_repos_list_for_org`; an id that starts with the prefix does not repeat it. A
 * name that is too long, or an id without ASCII letters and digits, ends with a hash of the id.
 */
export function toolName(prefix: string, id: string): string {
  const words = wordsOf(id);
  if (words === '') return withHash(prefix, id);
  const name = isRepeated(prefix, words) ? words : `${prefix}_${words}`;
  return name.length <= LONGEST_NAME ? name : withHash(name, id);
}

/**
 * The names of `ids`. When `web_open` and `open` would both become `web_open`, both get a hash: a key restricted to
 * that name must not reach a tool that was not meant.
 */
export function toolNames(prefix: string, ids: readonly string[]): (id: string) => string {
  const byName = Map.groupBy(new Set(ids), (id) => toolName(prefix, id));
  return (id) => {
    const name = toolName(prefix, id);
    const sharing = byName.get(name) ?? [];
    const isTaken = sharing.length > 1 && sharing.some((each) => isRepeated(prefix, wordsOf(each)));
    return isTaken ? withHash(name, id) : name;
  };
}

const isRepeated = (prefix: string, words: string): boolean => words.startsWith(`${prefix}_`);

const wordsOf = (id: string): string =>
  id
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase();

function withHash(name: string, id: string): string {
  const suffix = hash('sha256', id).slice(0, HASH_LENGTH);
  return `${name.slice(0, LONGEST_NAME - HASH_LENGTH - 1)}_${suffix}`;
}
