import type { KeyRecord, Keyspace } from './key-record.ts';
import type { KeyFilter, KeyPage, KeyStore } from './key-store.ts';

const PAGE = 500;

/** Reads all rows, newest first, one page of the store at a time. */
export async function readPages<Row extends KeyRecord>(
  list: (page: KeyPage) => Promise<readonly Row[]>,
): Promise<readonly Row[]> {
  const found: Row[] = [];
  for (;;) {
    const page = await list({ limit: PAGE, beforeId: found.at(-1)?.id });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}

/** Every key of the keyspace, newest first. */
export const readAllKeys = (
  keys: Pick<KeyStore, 'list'>,
  keyspace: Keyspace,
  filter: KeyFilter,
): Promise<readonly KeyRecord[]> => readPages((page) => keys.list(keyspace, filter, page));
