import { operatorRow } from '../audit/operator-row.ts';
import type { OrganizationId } from '../ids.ts';
import type { KeyStore } from '../keys/key-store.ts';
import { mintKey } from '../keys/mint-key.ts';
import type { MintRules } from '../keys/policy/mint.ts';
import { type Organization, platformId } from '../organization.ts';
import { provisioning } from '../principal.ts';
import { builtInScopes, type Scope } from '../scopes/scopes.ts';
import type { OrganizationStore } from './organization-store.ts';
import { provisionOrganization } from './provision.ts';

/** A demo organisation, with the plaintext of its keys, which are shown once. */
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

const externalIdOf = (profile: string): string => `demo-${profile}`;

/** The organisations that the demo created and nobody has deleted. */
export const demoAmong = (organizations: readonly Organization[]): readonly Organization[] =>
  organizations.filter(
    ({ name, externalId, status }) =>
      status !== 'deleted' &&
      demoOrganizations.some((demo) => demo.name === name && externalIdOf(demo.profile) === externalId),
  );

/**
 * Fills an empty store with two organisations, their keys and their agents. Returns none when the store is not empty.
 */
export async function provisionDemo(deps: DemoDeps): Promise<readonly DemoTenant[]> {
  if ((await deps.store.organizations.list({ limit: 1 })).length > 0) return [];
  const tenants: DemoTenant[] = [];
  for (const { name, profile } of demoOrganizations) {
    const { organization, defaultKey } = await provisionOrganization(
      // The external id makes this idempotent: two processes that start together create each organisation once.
      { name, externalId: externalIdOf(profile), createdBy: 'provisioning' },
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
    { scopeType: 'global', name: 'Manager key', additionalScopes: managerScopes(deps.mintRules.catalogue) },
    {
      principal: provisioning,
      auditRow: (change) => ({
        ...demoRow('demo manager key', organizationId, deps.now()),
        change: JSON.stringify(change),
      }),
    },
    { keys: deps.store.keys, mintRules: deps.mintRules, now: deps.now },
  );
  return plaintext;
}

/**
 * The scopes to manage the organisation, and to try the first writes. The latter may be missing from a custom
 * catalogue.
 */
const managerScopes = ({ scopes }: MintRules['catalogue']): readonly Scope[] => [
  ...builtInScopes,
  ...['research_group:write', 'study:write'].filter((scope) => scopes.includes(scope)),
];

const demoRow = (target: string, organizationId: OrganizationId, nowMs: number) =>
  operatorRow({ tier: 'system', target, organizationId, nowMs });
