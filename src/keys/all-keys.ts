import type { OrganizationId } from '../ids.ts';
import type { KeyRecord } from './key-record.ts';
import type { KeyFilter, KeyStore } from './key-store.ts';

const PAGE = 500;

/** Every key of the organisation, newest first, however many there are; the store is asked a page at a time. */
export async function readAllKeys(
  keys: Pick<KeyStore, 'list'>,
  organizationId: OrganizationId,
  filter: KeyFilter,
): Promise<readonly KeyRecord[]> {
  const found: KeyRecord[] = [];
  for (;;) {
    const page = await keys.list(organizationId, filter, { limit: PAGE, beforeId: found.at(-1)?.id });
    found.push(...page);
    if (page.length < PAGE) return found;
  }
}
