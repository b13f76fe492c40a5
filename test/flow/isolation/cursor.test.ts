import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { newKeyId, type OrganizationId } from '../../../src/ids.ts';
import { type KeyPrincipal, operatorBy, type TenantPrincipal } from '../../../src/principal.ts';
import { type CursorBinding, createCursors } from '../../../src/tool/call/cursor.ts';
import { requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const [acme, bolt] = ['org_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'org_01BX5ZZKBKACTAV9WEVGEMMVRZ'] as OrganizationId[];

function principalOf(organizationId: OrganizationId | undefined, keyId = 'key_A'): TenantPrincipal {
  return {
    kind: 'key',
    subjectId: keyId,
    actorName: 'tnt_x',
    tier: 'host-key',
    organization: { id: organizationId as OrganizationId, name: 'x', externalId: null },
    key: { id: keyId } as KeyPrincipal['key'],
    userId: null,
    isAdmin: false,
    scopes: [],
  };
}

const DAY_MS = 86_400_000;

function startCursors() {
  const clock = { nowMs: 0 };
  return { clock, cursors: createCursors(randomBytes(32), () => clock.nowMs) };
}

const operatorIn = (organizationId: OrganizationId | undefined): TenantPrincipal => ({
  ...operatorBy('admin-token'),
  organization: { id: organizationId as OrganizationId, name: 'x', externalId: null },
});

const binding: CursorBinding = {
  principal: principalOf(acme),
  tool: 'list_keys',
  input: { limit: 2, cursor: 'x' },
};

test.each<[string, Partial<CursorBinding>]>([
  ['organisation, of one key that acts for both', { principal: principalOf(bolt) }],
  ['key of the same organisation', { principal: principalOf(acme, 'key_B') }],
  ['subject, the operator', { principal: operatorIn(acme) }],
  ['tool that asks the same', { tool: 'list_org_tokens' }],
  ['limit', { input: { limit: 3 } }],
  ['filter', { input: { limit: 2, status: 'active' } }],
])('a cursor opens for no other %s', (_what, other) => {
  const { cursors } = startCursors();
  const cursor = cursors.seal('7', binding);
  expect(cursors.open(cursor, { ...binding, input: { cursor, limit: 2 } })).toBe('7');
  expect(() => cursors.open(cursor, { ...binding, ...other })).toThrow('The cursor is not valid.');
});

test('a cursor opens for a day, and for its own store', () => {
  const { clock, cursors } = startCursors();
  const cursor = cursors.seal('7', binding);
  clock.nowMs = DAY_MS - 1;
  expect(cursors.open(cursor, binding)).toBe('7');
  expect(() => startCursors().cursors.open(cursor, binding)).toThrow('The cursor is not valid.');
  clock.nowMs = DAY_MS;
  expect(() => cursors.open(cursor, binding)).toThrow('The cursor is not valid.');
});

test('all cursors have one length, for every list and position', () => {
  const { cursors, clock } = startCursors();
  const positions = [
    '',
    '1',
    '12',
    '999',
    '1000',
    String(Number.MAX_SAFE_INTEGER),
    newKeyId(0),
    '"',
    '\u{1f4a9}'.repeat(20),
  ];
  clock.nowMs = Date.now();
  const lengths = positions.map((position) => {
    const cursor = cursors.seal(position, binding);
    expect(cursors.open(cursor, binding)).toBe(position);
    return cursor.length;
  });
  expect(new Set(lengths).size).toBe(1);
  expect(lengths[0]).toBeLessThan(256);
  // One that is longer than any of ours, as a platform may give, is in steps.
  const long = [200, 201, 400].map((count) => cursors.seal('x'.repeat(count), binding));
  expect(new Set(long.map(({ length }) => length)).size).toBe(2);
  expect(cursors.open(long[2] ?? '', binding)).toHaveLength(400);
});

test('a cursor of one list is of no use to its twin, which asks for the same rows', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:read', 'key:write', 'audit:read'] });
  for (let count = 0; count < 2; count += 1) await app.mint(app.acme);
  const get = async (path: string) => requestJson(app.url + path, { key });
  const cursor: string = (await get('/v1/keys?limit=1')).body.next_cursor;
  expect((await get(`/v1/keys?limit=1&cursor=${cursor}`)).status).toBe(200);
  const twin = await get(`/org/tokens?limit=1&cursor=${cursor}`);
  expect([twin.status, twin.body.error?.code]).toEqual([400, 'INVALID_CURSOR']);
});

test('how busy others are does not show in the length of a cursor', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['audit:read'] });
  const lengthNow = async () => {
    await requestJson(`${app.url}/v1/whoami`, { key });
    return (await requestJson(`${app.url}/v1/audit?limit=1`, { key })).body.next_cursor.length;
  };
  const before = await lengthNow();
  for (let count = 0; count < 100; count += 1) {
    await requestJson(`${app.url}/v1/whoami`, { key: app.bolt.defaultKey });
  }
  expect(await lengthNow()).toBe(before);
});
