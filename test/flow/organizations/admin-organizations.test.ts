import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { callFor, outcomeOf } from '../../support/host-calls.ts';
import { requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startApp, startTwoTenants } from '../../support/start-app.ts';

const env = { ADMIN_TOKEN };
const ORGANIZATIONS = '/admin/organizations';

test('an organisation is made once for an external id: 201 with its key, afterwards 200 without', async () => {
  const app = await startApp({ seed: false, env });
  const body = { name: 'Acme', external_id: 'customer-17' };
  const answers = await Promise.all(
    Array.from({ length: 100 }, () => asOperator(app, ORGANIZATIONS, { body })),
  );
  const made = answers.filter(({ status }) => status === 201);
  expect([made.length, answers.filter(({ status }) => status === 200).length]).toEqual([1, 99]);
  const ids = answers.map((answer) => answer.body.organization.organization_id);
  expect(new Set(ids).size).toBe(1);
  expect(answers.filter(({ text }) => text.includes('auth_token'))).toEqual(made);
  expect(made[0]?.body).toMatchObject({
    created: true,
    organization: { name: 'Acme', external_id: 'customer-17', status: 'active' },
    warning: expect.any(String),
  });
  const whoami = await requestJson(`${app.url}/v1/whoami`, { key: made[0]?.body.auth_token });
  expect(whoami.body.organization.organization_id).toBe(ids[0]);
  const { keys } = app.services.store;
  const filter = { nowMs: app.now(), staleAfterMs: 1e12 };
  expect(await keys.list(ids[0], filter, { limit: 9 })).toMatchObject([
    { isDefault: true, createdBy: 'admin-token' },
  ]);
  const rows = (await app.audit(200)).filter(({ tool }) => tool === 'create_organization');
  expect(rows).toHaveLength(100);
  expect(rows.filter(({ organizationId }) => organizationId === ids[0])).toMatchObject([{ status: 201 }]);
});

test('an external id is one without regard to case: the same again is the same, another case is refused by name', async () => {
  const app = await startApp({ seed: false, env });
  const create = (external_id: string) =>
    asOperator(app, ORGANIZATIONS, { body: { name: 'Acme', external_id } });
  const made = await create('Acme-17');
  for (const other of ['acme-17', 'ACME-17']) {
    const refused = await create(other);
    expectRefusal(refused, 400, 'VALIDATION_ERROR', other);
    expect(refused.body.error.message).toContain(made.body.organization.organization_id);
    expect(refused.text).not.toContain('auth_token');
  }
  const again = await create('Acme-17');
  expect([again.status, again.body.created, again.body.organization]).toEqual([
    200,
    false,
    made.body.organization,
  ]);
  // Of many cases at once one is made.
  const cases = Array.from({ length: 16 }, (_, bits) =>
    [...'bolt'].map((letter, index) => ((bits >> index) & 1 ? letter.toUpperCase() : letter)).join(''),
  );
  const answers = await Promise.all(cases.map(create));
  expect(answers.filter(({ status }) => status === 201)).toHaveLength(1);
  expect(answers.filter(({ status }) => status === 400)).toHaveLength(15);
  for (const external_id of ['a', '~'.repeat(200), 'customer 17/a', '"quoted"'])
    expect([external_id, (await create(external_id)).status]).toEqual([external_id, 201]);
});

test('it is suspended, resumed and deleted, each at once and for every key', async () => {
  const app = await startTwoTenants({ seed: false, env });
  const { id, defaultKey } = app.acme;
  const ask = async () => (await requestJson(`${app.url}/v1/whoami`, { key: defaultKey })).status;
  const act = (verb: string) => asOperator(app, `${ORGANIZATIONS}/${id}/${verb}`, { method: 'POST' });
  expect((await act('suspend')).body.organization).toMatchObject({
    organization_id: id,
    status: 'suspended',
  });
  expect(await ask()).toBe(403);
  expect((await act('resume')).status).toBe(200);
  expect(await ask()).toBe(200);
  const deleted = await asOperator(app, `${ORGANIZATIONS}/${id}`, { method: 'DELETE' });
  expect(deleted.body.organization.status).toBe('deleted');
  expect(await ask()).toBe(401);
  const shown = await asOperator(app, `${ORGANIZATIONS}/${id}`);
  expect(shown.body.organization).toEqual(deleted.body.organization);
  const listed = await asOperator(app, ORGANIZATIONS);
  expect(listed.body.organizations).toMatchObject([
    { organization_id: id, status: 'deleted' },
    { organization_id: app.bolt.id, status: 'active' },
  ]);
  const first = await asOperator(app, `${ORGANIZATIONS}?limit=1`);
  expect(first.body.organizations).toMatchObject([{ organization_id: id }]);
  const rest = await asOperator(app, `${ORGANIZATIONS}?cursor=${first.body.next_cursor}`);
  expect(rest.body).toMatchObject({ organizations: [{ organization_id: app.bolt.id }], next_cursor: null });
  expectRefusal(await asOperator(app, `${ORGANIZATIONS}?cursor=x`), 400, 'VALIDATION_ERROR', 'next_cursor');
  const rows = await app.services.store.audit.list(id, { tool: 'delete_organization' }, { limit: 9 });
  expect(rows).toMatchObject([{ tier: 'admin-token', status: 200 }]);
  for (const path of [
    `${ORGANIZATIONS}/${id}/resume`,
    `${ORGANIZATIONS}/org_x/suspend`,
    `${ORGANIZATIONS}/%20/suspend`,
  ]) {
    expectRefusal(await asOperator(app, path, { method: 'POST' }), 404, 'NOT_FOUND', path);
  }
});

test('bad input is told by its field, and nothing is made', async () => {
  const app = await startApp({ seed: false, env });
  const bodies = [
    {},
    { name: '' },
    { name: 7 },
    { name: ['a'] },
    { name: 'x'.repeat(201) },
    { name: 'x', external_id: '' },
    { name: 'x', external_id: 'é' },
    { name: 'x', external_id: ' acme' },
    { name: 'x', external_id: 'acme ' },
    { name: 'x', external_id: '\tacme' },
    { name: 'x', external_id: ' ' },
    { name: 'x', external_id: 'a'.repeat(201) },
    { name: 'x', external_id: 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV' },
    { name: 'x', id: 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV' },
    { name: 'x', status: 'active' },
    { name: 'x', created_by: 'me' },
    [],
  ];
  for (const body of bodies) {
    expectRefusal(
      await asOperator(app, ORGANIZATIONS, { body }),
      400,
      'VALIDATION_ERROR',
      JSON.stringify(body),
    );
  }
  expectRefusal(await asOperator(app, ORGANIZATIONS, { body: '{"name":' }), 400, 'PARSE_ERROR');
  expect(await app.services.store.organizations.list({ limit: 100 })).toEqual([]);
  const body = { name: 'Gone', external_id: 'gone' };
  const { organization } = (await asOperator(app, ORGANIZATIONS, { body })).body;
  await asOperator(app, `${ORGANIZATIONS}/${organization.organization_id}`, { method: 'DELETE' });
  const again = await asOperator(app, ORGANIZATIONS, { body });
  expectRefusal(again, 400, 'VALIDATION_ERROR');
});

test('host keys are minted, granted, rotated and revoked over REST', async () => {
  const app = await startTwoTenants({ seed: false, env });
  const [acme, bolt] = [app.acme.id, app.bolt.id];
  const body = { name: 'Agent host', organization_ids: [acme, acme], owner: 'platform', purpose: 'calls' };
  const minted = await asOperator(app, '/admin/host-keys', { body });
  expect(minted.status).toBe(201);
  const { key, auth_token } = minted.body;
  expect(key).toMatchObject({
    scope_type: 'host',
    organization_id: null,
    owner: 'platform',
    is_default: false,
  });
  expect(key.expires_at).not.toBeNull();
  const ask = async (token: string, id: string) => outcomeOf(await callFor(app, token, id));
  expect([await ask(auth_token, acme), await ask(auth_token, bolt)]).toEqual([acme, 'ORGANIZATION_MISMATCH']);

  const granted = await asOperator(app, `/admin/host-keys/${key.id}/grants`, {
    body: { organization_ids: [bolt] },
  });
  expect(granted.body.organization_ids).toEqual([acme, bolt].sort());
  expect(await ask(auth_token, bolt)).toBe(bolt);
  const withdrawn = await asOperator(app, `/admin/host-keys/${key.id}/grants/${acme}`, { method: 'DELETE' });
  expect(withdrawn.body.organization_ids).toEqual([bolt]);
  expect(await ask(auth_token, acme)).toBe('ORGANIZATION_MISMATCH');

  const rotated = await asOperator(app, `/admin/host-keys/${key.id}/rotate`, { body: { grace: '0' } });
  expect(rotated.status).toBe(201);
  expect(await ask(auth_token, bolt)).toBe('INVALID_TOKEN');
  expect(await ask(rotated.body.auth_token, bolt)).toBe(bolt);
  const listed = await asOperator(app, '/admin/host-keys?limit=1');
  expect(listed.body.keys).toMatchObject([{ id: rotated.body.key.id }]);
  const shown = await asOperator(app, `/admin/host-keys/${rotated.body.key.id}`);
  expect(shown.body).toMatchObject({ key: { id: rotated.body.key.id }, organization_ids: [bolt] });
  const rest = await asOperator(app, `/admin/host-keys?cursor=${listed.body.next_cursor}`);
  expect(rest.body).toMatchObject({ keys: [{ id: key.id }], next_cursor: null });
  const path = `/admin/host-keys/${rotated.body.key.id}`;
  const updated = await asOperator(app, path, { method: 'PATCH', body: { purpose: 'Calls' } });
  expect(updated.body.key).toMatchObject({ id: rotated.body.key.id, purpose: 'Calls' });
  await asOperator(app, path, { method: 'DELETE' });
  expect(await ask(rotated.body.auth_token, bolt)).toBe('INVALID_TOKEN');
});

test('a host key for a missing organisation, or with a forbidden scope, is not made', async () => {
  const app = await startTwoTenants({ seed: false, env });
  const id = app.acme.id;
  const unknown = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  const attempts = [
    [404, 'NOT_FOUND', { name: 'x', organization_ids: [id, unknown] }],
    [404, 'NOT_FOUND', { name: 'x', organization_ids: ['acme'] }],
    [400, 'VALIDATION_ERROR', { name: 'x' }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: id }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [[id]] }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], scopes: ['key:read'] }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], additional_scopes: ['key:write'] }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], scopes: ['no:such'] }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], user_id: 'usr_x' }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], scope_type: 'global' }],
    [400, 'VALIDATION_ERROR', { name: 'x', organization_ids: [id], organization_id: id }],
  ] as const;
  for (const [status, code, body] of attempts) {
    expectRefusal(await asOperator(app, '/admin/host-keys', { body }), status, code, JSON.stringify(body));
  }
  const absent = 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV';
  for (const [method, path, body] of [
    ['POST', `${absent}/rotate`, {}],
    ['DELETE', absent],
    ['DELETE', 'x'],
    ['POST', `${absent}/grants`, { organization_ids: [id] }],
    ['DELETE', `${absent}/grants/${id}`],
  ] as const) {
    const answer = await asOperator(app, `/admin/host-keys/${path}`, { method, body });
    expectRefusal(answer, 404, 'KEY_NOT_FOUND', path);
  }
  expectRefusal(await asOperator(app, '/admin/host-keys?cursor=x'), 400, 'VALIDATION_ERROR');
  expect((await asOperator(app, '/admin/host-keys')).body).toEqual({ keys: [], next_cursor: null });
});

test('a header that names another organisation than the path, or none at all, stops what the path asks for', async () => {
  const app = await startTwoTenants({ seed: false, env });
  const path = `${ORGANIZATIONS}/${app.acme.id}`;
  for (const [organizationId, status, code] of [
    [app.bolt.id, 403, 'ORGANIZATION_MISMATCH'],
    ['not an id', 400, 'INVALID_ORGANIZATION_HEADER'],
    [`${app.acme.id}, ${app.acme.id}`, 400, 'INVALID_ORGANIZATION_HEADER'],
  ] as const) {
    expectRefusal(
      await asOperator(app, path, { method: 'DELETE', organizationId }),
      status,
      code,
      organizationId,
    );
    const suspended = await asOperator(app, `${path}/suspend`, { method: 'POST', organizationId });
    expectRefusal(suspended, status, code, organizationId);
  }
  expect((await app.services.store.organizations.get(app.acme.id))?.status).toBe('active');
  const agreed = await asOperator(app, path, { method: 'DELETE', organizationId: app.acme.id });
  expect(agreed.status).toBe(200);
});

test('a creation that fails leaves a row, and no trace of an organisation that never was', async () => {
  const app = await startApp({ seed: false, env });
  mkdirSync(join(app.dataDir, 'broken'));
  const ledger = join(app.dataDir, 'tenantry.db.ledger');
  renameSync(ledger, `${ledger}.away`);
  renameSync(join(app.dataDir, 'broken'), ledger);
  expectRefusal(await asOperator(app, ORGANIZATIONS, { body: { name: 'Never' } }), 503, 'STORE_UNAVAILABLE');
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ tool: 'create_organization', status: 503, organizationId: null });
  expect(await app.services.store.organizations.list({ limit: 100 })).toEqual([]);
});
