import { createHash } from 'node:crypto';

const LONGEST_NAME = 64;
const HASH_LENGTH = 8;

/** `repos/listForOrg` becomes `<prefix>_repos_list_for_org`; one that is too long ends with a hash of itself. */
export function toolName(prefix: string, id: string): string {
  const words = id
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1_$2')
    .replaceAll(/([A-Z]+)([A-Z][a-z])/g, '$1_$2')
    .replaceAll(/[^A-Za-z0-9]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
    .toLowerCase();
  const name = `${prefix}_${words}`;
  if (name.length <= LONGEST_NAME) return name;
  const hash = createHash('sha256').update(id).digest('hex').slice(0, HASH_LENGTH);
  return `${name.slice(0, LONGEST_NAME - HASH_LENGTH - 1)}_${hash}`;
}
