import { openPlatformDatabase } from '../../../db/platform/platform-database.ts';
import { builtInScopes, isAdminScope } from '../../../src/scopes/scopes.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';
import type { Owners } from './canaries.ts';
import { noteOwners, type PlantedOrganization, plantOrganization } from './plant.ts';

/** A credential as it speaks for one organisation. */
export type Speaker = {
  readonly kind: 'global' | 'admin' | 'member' | 'host';
  readonly key: string;
  readonly organization: PlantedOrganization;
  /** Every organisation that the credential may speak for, by its place in the world. */
  readonly reach: ReadonlySet<number>;
};

export type World = {
  readonly app: TestApp;
  readonly owners: Owners;
  readonly organizations: readonly PlantedOrganization[];
  readonly speakers: readonly Speaker[];
};

/** Two host keys whose grants overlap; the last two organisations are granted to none. */
const hostGrants = [
  [0, 1, 2, 3],
  [2, 3, 4, 5],
];

/** One server and `count` organisations, each full of its own canary; ends once every job has ended. */
export async function plantWorld(count: number): Promise<World> {
  const app = await startApp({
    seed: false,
    config: { permissions: { everything: '*' }, limits: { maxConcurrentRequests: 5000 } },
  });
  const { catalogue } = app.services.mintRules;
  const scopes = [...catalogue.scopes, ...builtInScopes];
  const platform = openPlatformDatabase(app.services.config.platformFile);
  const organizations: PlantedOrganization[] = [];
  const owners: Owners = new Map();
  for (let index = 0; index < count; index += 1) {
    const planted = await plantOrganization(index, app, platform, [...new Set(scopes)]);
    organizations.push(planted);
    noteOwners(owners, planted);
  }
  const unfinished = platform.sqlite.prepare("SELECT 1 FROM jobs WHERE status <> 'completed'");
  while (unfinished.get() !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  platform.sqlite.close();
  const speakers = [...organizations.flatMap(ownSpeakers), ...(await hostSpeakers(app, organizations))];
  return { app, owners, organizations, speakers };
}

function ownSpeakers(organization: PlantedOrganization): Speaker[] {
  const { index, globalKey, adminKey, memberKey } = organization;
  const common = { organization, reach: new Set([index]) };
  return [
    { kind: 'global', key: globalKey, ...common },
    { kind: 'admin', key: adminKey, ...common },
    { kind: 'member', key: memberKey, ...common },
  ];
}

async function hostSpeakers(app: TestApp, organizations: readonly PlantedOrganization[]) {
  const speakers: Speaker[] = [];
  const scopes = app.services.mintRules.catalogue.scopes.filter((scope) => !isAdminScope(scope));
  for (const grants of hostGrants) {
    const reached = grants.flatMap((index) => organizations[index] ?? []);
    const host = await app.mintHost(
      reached.map(({ tenant }) => tenant),
      { name: 'host', scopes },
    );
    const common = { kind: 'host' as const, key: host.plaintext, reach: new Set(grants) };
    speakers.push(...reached.map((organization) => ({ ...common, organization })));
  }
  return speakers;
}
