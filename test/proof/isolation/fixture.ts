import { openPlatformDatabase } from '../../../db/platform/platform-database.ts';
import { builtInScopes, isAdminScope } from '../../../src/scopes/scopes.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';
import { type FilledOrganization, fillOrganization, noteOwners } from './fill-organization.ts';
import type { Owners } from './markers.ts';

/** A credential and the organisation that it speaks for. */
export type TestPrincipal = {
  readonly kind: 'global' | 'admin' | 'member' | 'host';
  readonly key: string;
  readonly organization: FilledOrganization;
  /** Every organisation that the credential may speak for, by its index in the fixture. */
  readonly reach: ReadonlySet<number>;
};

export type Fixture = {
  readonly app: TestApp;
  readonly owners: Owners;
  readonly organizations: readonly FilledOrganization[];
  readonly principals: readonly TestPrincipal[];
};

/** Two host keys whose grants overlap; the last two organisations are granted to none. */
const hostGrants = [
  [0, 1, 2, 3],
  [2, 3, 4, 5],
];

/** One server and `count` organisations, each full of its own marker; ends once every job has ended. */
export async function startFixture(count: number): Promise<Fixture> {
  const app = await startApp({
    seed: false,
    config: { permissions: { everything: '*' }, limits: { maxConcurrentRequests: 5000 } },
  });
  const { catalogue } = app.services.mintRules;
  const scopes = [...catalogue.scopes, ...builtInScopes];
  const platform = openPlatformDatabase(app.services.config.platformFile);
  const organizations: FilledOrganization[] = [];
  const owners: Owners = new Map();
  for (let index = 0; index < count; index += 1) {
    const organization = await fillOrganization(index, app, platform, [...new Set(scopes)]);
    organizations.push(organization);
    noteOwners(owners, organization);
  }
  const unfinished = platform.sqlite.prepare("SELECT 1 FROM jobs WHERE status <> 'completed'");
  while (unfinished.get() !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  platform.sqlite.close();
  const principals = [...organizations.flatMap(ownPrincipals), ...(await hostPrincipals(app, organizations))];
  return { app, owners, organizations, principals };
}

function ownPrincipals(organization: FilledOrganization): TestPrincipal[] {
  const { index, globalKey, adminKey, memberKey } = organization;
  const common = { organization, reach: new Set([index]) };
  return [
    { kind: 'global', key: globalKey, ...common },
    { kind: 'admin', key: adminKey, ...common },
    { kind: 'member', key: memberKey, ...common },
  ];
}

async function hostPrincipals(app: TestApp, organizations: readonly FilledOrganization[]) {
  const principals: TestPrincipal[] = [];
  const scopes = app.services.mintRules.catalogue.scopes.filter((scope) => !isAdminScope(scope));
  for (const grants of hostGrants) {
    const reached = grants.flatMap((index) => organizations[index] ?? []);
    const host = await app.mintHost(
      reached.map(({ tenant }) => tenant),
      { name: 'host', scopes },
    );
    const common = { kind: 'host' as const, key: host.plaintext, reach: new Set(grants) };
    principals.push(...reached.map((organization) => ({ ...common, organization })));
  }
  return principals;
}
