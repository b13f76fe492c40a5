import type Database from 'better-sqlite3';
import type { OrganizationId } from '../../../src/ids.ts';
import type { ActorKey } from '../../../src/keys/key-store.ts';
import type { Actor } from '../../../src/members/actor.ts';
import { storeTransaction } from '../connection/store-call.ts';
import { assertOrganizationId } from '../connection/tenant.ts';
import { readActorKey } from './actor-key.ts';

/** A transaction that first checks whether the actor may still make the change. */
export async function askedTransaction<T>(
  control: Database.Database,
  address: { readonly organizationId: OrganizationId },
  { keyId, allow }: Actor,
  operation: (asking: ActorKey | null) => T,
): Promise<T> {
  return storeTransaction(control, () => {
    const organizationId = assertOrganizationId(address.organizationId);
    const asking = readActorKey(control, organizationId, keyId);
    allow(asking);
    return operation(asking);
  });
}
