import { operatorRow } from '../audit/operator-row.ts';
import type { OrganizationId } from '../ids.ts';
import type { KeyStore } from '../keys/key-store.ts';
import type { MintRules } from '../keys/mint.ts';
import { mintKey } from '../keys/mint-key.ts';
import { platformId } from '../organization.ts';
import { builtInScopes } from '../scopes/scopes.ts';
import type { OrganizationStore } from './organization-store.ts';
import { provisionOrganization } from './provision.ts';

/** A demo organisation with the plaintext of its keys, which are shown once. */
export type DemoTenant = {
  readonly name: string;
  readonly organizationId: OrganizationId;
  readonly defaultKey: string;
  readonly managerKey: string;
};

type DemoDeps = {
  readonly store: { readonly organizations: OrganizationStore; readonly keys: KeyStore };
  readonly platform: { seedDemo?(organizationId: string, profile: 'acme' | 'bolt'): Promise<void> };
  readonly mintRules: MintRules;
  readonly now: () => number;
};

const demoOrganizations = [
  { name: 'Acme Research', profile: 'acme' },
  { name: 'Bolt Labs', profile: 'bolt' },
] as const;

/** Fills an empty store with two organisations, their keys and their agents; answers none where it is not empty. */
export async function provisionDemo(deps: DemoDeps): Promise<readonly DemoTenant[]> {
  if ((await deps.store.organizations.list()).length > 0) return [];
  const tenants: DemoTenant[] = [];
  for (const { name, profile } of demoOrganizations) {
    const { organization, defaultKey } = await provisionOrganization(
      // Idempotent on it: two processes that start together make one of each.
      { name, externalId: `demo-${profile}`, createdBy: 'provisioning' },
      (made) => demoRow('demo organisation', made.id, deps.now()),
      { organizations: deps.store.organizations, format: deps.mintRules.format, now: deps.now },
    );
    if (defaultKey === null) continue;
    await deps.platform.seedDemo?.(platformId(organization), profile);
    const managerKey = await mintManagerKey(organization.id, deps);
    tenants.push({ name, organizationId: organization.id, defaultKey, managerKey });
  }
  return tenants;
}

async function mintManagerKey(organizationId: OrganizationId, deps: DemoDeps): Promise<string> {
  const { plaintext } = await mintKey(
    organizationId,
    { scopeType: 'global', name: 'Manager key', additionalScopes: builtInScopes },
    { operator: 'provisioning' },
    (change) => ({
      ...demoRow('demo manager key', organizationId, deps.now()),
      change: JSON.stringify(change),
    }),
    { keys: deps.store.keys, mintRules: deps.mintRules, now: deps.now },
  );
  return plaintext;
}

const demoRow = (target: string, organizationId: OrganizationId, nowMs: number) =>
  operatorRow({ tier: 'system', target, organizationId, nowMs });
