import fc from 'fast-check';
import { expect, test } from 'vitest';
import { operatorAccess } from '../../../src/cli/keys/operate-keys.ts';
import { createIdentify, type IdentityDeps, schemesOf } from '../../../src/identity/identify.ts';
import type { Presented } from '../../../src/identity/schemes/scheme.ts';
import type { Surface } from '../../../src/identity/surface.ts';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { manageKeys } from '../../../src/keys/manage-keys.ts';
import { requireMintRole } from '../../../src/keys/policy/mint.ts';
import {
  attributionOf,
  grantsAnything,
  operatorBy,
  provisioning,
  requireTenant,
} from '../../../src/principal.ts';
import { createSecret } from '../../../src/secrets/secret.ts';
import { requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { setStatus } from '../../support/organization-status.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const surfaces: readonly Surface[] = ['mcp', 'data', 'management', 'admin', 'bootstrap'];
const key = fc.string({ unit: fc.constantFrom(...'0aZ9'), minLength: 49, maxLength: 49 });
const credentials = fc.oneof(
  fc.string({ maxLength: 80 }),
  key.map((text) => `tnt_${text.slice(0, 8)}_${text}`),
  key.map((text) => `tntw_${text.slice(0, 8)}_${text}=`),
  fc.constantFrom(
    ADMIN_TOKEN,
    'x',
    'tnt_',
    `tnt_00000000_${'0'.repeat(48)}`,
    createKeyFormat('acme').generate().plaintext,
  ),
);

const start = (adminToken: string | null = ADMIN_TOKEN) =>
  startTwoTenants({ seed: false, env: adminToken === null ? {} : { ADMIN_TOKEN: adminToken } });

/** The schemes over the real store, each of whose looks at a credential is written down. */
async function startSchemes(adminToken: string) {
  const { services, acme } = await startTwoTenants({ seed: false });
  const { store, callTool, bootstrap, format, now, mintRules, config } = services;
  const asked: string[] = [];
  const admin = createSecret(adminToken);
  const deps: IdentityDeps = {
    keys: {
      ...callTool.keys,
      find(hash) {
        asked.push('key');
        return callTool.keys.find(hash);
      },
    },
    members: store.members,
    permissionRules: { permissions: config.permissions, configured: config.scopes.catalogue },
    format,
    now,
    adminToken: {
      matches(presented) {
        asked.push('admin token');
        return admin.matches(presented);
      },
    },
    organizations: store.organizations,
    catalogue: mintRules.catalogue,
    bootstrap: {
      requireOpen() {
        asked.push('bootstrap');
        return bootstrap.requireOpen();
      },
    },
  };
  const identify = createIdentify(deps);
  const tryOn = async (surface: Surface, credential: string) => {
    asked.length = 0;
    const outcome = await identify(presentedBy(surface, credential)).then(
      ({ principal }) => principal.kind,
      ({ code }) => code,
    );
    return [outcome, ...asked];
  };
  return { deps, tryOn, acme };
}

const presentedBy = (surface: Surface, credential: string): Presented => ({
  rawHeaders: ['Authorization', `Bearer ${credential}`, 'X-Break-Glass-Reason', 'a test'],
  headerName: 'x-organization-id',
  urlSegment: undefined,
  surface,
  workspaceId: undefined,
  adminOrganization: undefined,
  clientAddress: '127.0.0.1',
});

test('of the schemes exactly one takes a credential, whatever it looks like, and none takes nothing', async () => {
  const { deps } = await startSchemes(ADMIN_TOKEN);
  const schemes = schemesOf(deps);
  const taking = (surface: Surface, credential: string | undefined) =>
    schemes.filter((each) => each.claims(surface, credential)).length;
  fc.assert(
    fc.property(fc.constantFrom(...surfaces), credentials, (surface, credential) => {
      // The code of the bootstrap comes in the body: no header is looked at there.
      expect(taking(surface, surface === 'bootstrap' ? undefined : credential)).toBe(1);
    }),
    { numRuns: 500 },
  );
  for (const surface of surfaces) expect(taking(surface, undefined)).toBe(surface === 'bootstrap' ? 1 : 0);
});

test('a failed credential is tried as nothing else, though another scheme would take it', async () => {
  const unknownKey = createKeyFormat('tnt').generate().plaintext;
  // No configuration allows such a token; a scheme that let one in would meet this key.
  const { tryOn, acme } = await startSchemes(unknownKey);
  for (const surface of ['mcp', 'data', 'management', 'admin'] as const) {
    expect(await tryOn(surface, unknownKey)).toEqual(['INVALID_TOKEN', 'key']);
    expect(await tryOn(surface, 'not-a-key')).toEqual(['INVALID_TOKEN', 'admin token']);
  }
  // There are keys, so it is closed; and it is the only one that is asked.
  expect(await tryOn('bootstrap', acme.defaultKey)).toEqual(['BOOTSTRAP_CLOSED', 'bootstrap']);
  expect(await tryOn('admin', acme.defaultKey)).toEqual(['FORBIDDEN', 'key']);
  expect(await tryOn('mcp', acme.defaultKey)).toEqual(['key', 'key']);
});

/** What a refusal is provoked with, and what its row must say of whom it was refused to. */
async function refusals(app: Awaited<ReturnType<typeof start>>) {
  const { acme, bolt } = app;
  const [plain, revoked, elsewhere, expiring] = [
    await app.mint(acme),
    await app.mint(acme),
    await app.mint(acme, { restrictions: { addresses: ['192.0.2.0/24'] } }),
    await app.mint(acme, { expiresInDays: 1 }),
  ];
  const host = await app.mintHost([acme]);
  const ofBolt = await app.mint(bolt);
  const access = operatorAccess('keys revoke', acme.id, app.services);
  await manageKeys(acme.id, access, app.services.operator).revoke(revoked.id);
  app.advance(86_400_000);
  await setStatus(app, bolt, 'suspended');
  const ofAcme = { organizationId: acme.id };
  const attempted = expect.stringContaining(`organization=${bolt.id}`);
  const whoami = { path: '/v1/whoami', named: undefined };
  const byKey = (keyId: string, tier: string) => ({ ...ofAcme, keyId, tier });
  return [
    {
      ...whoami,
      key: createKeyFormat('tnt').generate().plaintext,
      code: 'INVALID_TOKEN',
      row: { tier: 'none', keyId: null, organizationId: null },
    },
    { ...whoami, key: revoked.plaintext, code: 'INVALID_TOKEN', row: byKey(revoked.id, 'none') },
    { ...whoami, key: expiring.plaintext, code: 'INVALID_TOKEN', row: byKey(expiring.id, 'none') },
    {
      ...whoami,
      key: elsewhere.plaintext,
      code: 'KEY_RESTRICTED',
      row: byKey(elsewhere.id, 'organization-key'),
    },
    {
      ...whoami,
      named: bolt.id,
      key: plain.plaintext,
      code: 'ORGANIZATION_MISMATCH',
      row: { ...byKey(plain.id, 'organization-key'), target: attempted },
    },
    {
      ...whoami,
      named: 'x',
      key: plain.plaintext,
      code: 'INVALID_ORGANIZATION_HEADER',
      row: byKey(plain.id, 'organization-key'),
    },
    {
      ...whoami,
      key: ofBolt.plaintext,
      code: 'ORGANIZATION_SUSPENDED',
      row: { organizationId: bolt.id, keyId: ofBolt.id, tier: 'organization-key' },
    },
    {
      ...whoami,
      key: host.plaintext,
      code: 'ORGANIZATION_REQUIRED',
      row: { organizationId: null, keyId: host.id, tier: 'host-key' },
    },
    {
      ...whoami,
      named: bolt.id,
      key: host.plaintext,
      code: 'ORGANIZATION_MISMATCH',
      row: { organizationId: null, keyId: host.id, tier: 'host-key', target: attempted },
    },
    {
      path: '/admin/organizations',
      named: undefined,
      key: plain.plaintext,
      code: 'FORBIDDEN',
      row: byKey(plain.id, 'organization-key'),
    },
    {
      ...whoami,
      key: ADMIN_TOKEN,
      code: 'ADMIN_TOKEN_NOT_ALLOWED',
      row: { organizationId: null, keyId: null, tier: 'admin-token' },
    },
    {
      path: '/v1/keys',
      named: undefined,
      key: ADMIN_TOKEN,
      code: 'ORGANIZATION_REQUIRED',
      row: { organizationId: null, tier: 'admin-token' },
    },
    {
      path: '/v1/keys',
      named: bolt.id,
      key: ADMIN_TOKEN,
      code: 'ORGANIZATION_SUSPENDED',
      row: { organizationId: bolt.id, tier: 'admin-token' },
    },
  ];
}

test('a refusal carries whom it was refused to, and its row says it', async () => {
  const app = await start();
  for (const { path, key: credential, named, code, row } of await refusals(app)) {
    const answer = await requestJson(app.url + path, {
      key: credential,
      headers: {
        'x-break-glass-reason': 'a test',
        ...(named !== undefined && { 'x-organization-id': named }),
      },
    });
    const [found] = await app.audit(1);
    expect([code, answer.body.error.code, found?.errorCode]).toEqual([code, code, code]);
    expect([code, found]).toEqual([code, expect.objectContaining(row)]);
  }
});

test('a principal is frozen through and through, and says whose row it is', async () => {
  const { deps, acme } = await startSchemes(ADMIN_TOKEN);
  const { principal, attribution } = await createIdentify(deps)(presentedBy('mcp', acme.defaultKey));
  for (const part of [principal, principal.organization, principal.key, principal.scopes])
    expect(Object.isFrozen(part)).toBe(true);
  expect(attributionOf(principal)).toEqual(attribution);
  expect(attribution).toMatchObject({ tier: 'organization-key', organizationId: acme.id });
});

test('who acts in no organisation is let through to no tool, and only who runs the server grants anything', () => {
  for (const principal of [operatorBy('admin-token'), operatorBy('bootstrap'), provisioning]) {
    expect(() => requireTenant(principal)).toThrow('acts in no organisation');
    expect(grantsAnything(principal)).toBe(true);
  }
  // A kind that is added and forgotten, as no compiler would let it pass.
  const unheardOf = { ...operatorBy('cli'), kind: 'session' } as never;
  expect(grantsAnything(unheardOf)).toBeFalsy();
  expect(() => requireMintRole('host', undefined, unheardOf)).toThrow('host key');
});
