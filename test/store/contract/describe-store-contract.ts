import { describe } from 'vitest';
import { auditChainContract } from './audit-chain.ts';
import { auditListContract } from './audit-list.ts';
import { bootstrapContract } from './bootstrap.ts';
import { findKeyContract } from './find-key.ts';
import { canonicalScopes, START_MS } from './fixtures.ts';
import { hostKeyContract } from './host-keys.ts';
import { keyListContract } from './key-list.ts';
import { keyStoreContract } from './key-store.ts';
import { keyUseContract } from './key-uses.ts';
import { memberStoreContract } from './member-store.ts';
import { organizationStoreContract } from './organization-store.ts';
import { portsContract } from './ports.ts';
import { tenantContract } from './tenant.ts';
import type { OpenTestStore, StoreOpeners } from './test-store.ts';

const contracts = {
  ports: portsContract,
  'keys: find': findKeyContract,
  'keys: change': keyStoreContract,
  'keys: list': keyListContract,
  'keys: uses': keyUseContract,
  'keys: hosts': hostKeyContract,
  organizations: organizationStoreContract,
  bootstrap: bootstrapContract,
  members: memberStoreContract,
  'audit: chain': auditChainContract,
  'audit: list': auditListContract,
  tenants: tenantContract,
};

/** What every store promises to those who use the ports. `openEmptyStore` opens a new one each time. */
export function describeStoreContract(name: string, openEmptyStore: OpenTestStore): void {
  const openers: StoreOpeners = {
    openEmptyStore,
    async openStore() {
      const store = await openEmptyStore();
      await store.organizations.ensureCanonicalSet(canonicalScopes, START_MS);
      return store;
    },
  };
  describe(name, () => {
    for (const [subject, contract] of Object.entries(contracts)) describe(subject, () => contract(openers));
  });
}
