import type Database from 'better-sqlite3';
import type { OrganizationId } from '../src/ids.ts';
import type { Asker } from '../src/members/member-store.ts';
import { readActingKey } from './acting-key.ts';
import { storeTransaction } from './store-call.ts';
import { requireOrganizationId } from './tenant.ts';

/** One transaction, which begins by asking whether whoever asks still may. */
export function askedTransaction<T>(
  control: Database.Database,
  organizationId: OrganizationId,
  { keyId, allow }: Asker,
  operation: () => T,
): Promise<T> {
  return storeTransaction(control, () => {
    requireOrganizationId(organizationId);
    allow(readActingKey(control, organizationId, keyId));
    return operation();
  });
}
