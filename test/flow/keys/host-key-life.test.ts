import { expect, test } from 'vitest';
import { operatorAccess } from '../../../src/cli/keys/operate-keys.ts';
import { manageKeys } from '../../../src/keys/manage-keys.ts';
import { tools } from '../../../tools/index.ts';
import { callFor, grant, outcomeOf, startHost } from '../../support/host-calls.ts';
import { setStatus } from '../../support/organization-status.ts';
import { slowTools } from '../../support/slow-tools.ts';
import type { Tenant } from '../../support/start-app.ts';
import { collect } from '../../support/streams.ts';

const UNKNOWN_ID = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('a grant, its withdrawal and a suspension hold on the next request', async () => {
  const app = await startHost();
  const { plaintext, id } = app.host;
  const ask = async ({ id: organizationId }: Tenant) =>
    outcomeOf(await callFor(app, plaintext, organizationId));
  expect(await ask(app.cato)).toBe('ORGANIZATION_MISMATCH');
  await grant(app, id, { add: [app.cato, app.acme] });
  expect(await ask(app.cato)).toBe(app.cato.id);
  await grant(app, id, { withdraw: [app.bolt] });
  expect(await ask(app.bolt)).toBe('ORGANIZATION_MISMATCH');
  expect(await ask(app.acme)).toBe(app.acme.id);
  await setStatus(app, app.acme, 'suspended');
  expect(await ask(app.acme)).toBe('ORGANIZATION_SUSPENDED');
  expect(await ask(app.cato)).toBe(app.cato.id);
});

test('a running stream ends within a second of the withdrawal', async () => {
  const app = await startHost({ tools: [...tools, ...slowTools] });
  const response = await fetch(`${app.url}/o/${app.acme.id}/mcp`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${app.host.plaintext}`,
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      'mcp-protocol-version': '2025-11-25',
    },
    body: JSON.stringify({
      jsonrpc: '2.0',
      id: 1,
      method: 'tools/call',
      params: { name: 'ticking', arguments: {}, _meta: { progressToken: 'p' } },
    }),
  });
  expect(response.status).toBe(200);
  const ended = collect(response.body as never);
  await grant(app, app.host.id, { withdraw: [app.acme] });
  await ended;
});

test('its last use is written like that of any key; a refused one leaves no trace on it', async () => {
  const app = await startHost();
  const { keys } = app.services.store;
  const lastUse = async () => {
    await app.services.keyUses.flush();
    const key = await keys.get('operator', app.host.id);
    return [key?.lastUsedAtMs, key?.lastClient];
  };
  expect(await lastUse()).toEqual([null, null]);
  await callFor(app, app.host.plaintext, app.acme.id);
  const used = await lastUse();
  expect(used).toEqual([expect.any(Number), 'raw-test']);
  app.advance(91 * 86_400_000);
  expect(outcomeOf(await callFor(app, app.host.plaintext, app.acme.id))).toBe('INVALID_TOKEN');
  expect(await lastUse()).toEqual(used);
});

test('a grant is of a host key and of an organisation that is there, or nothing is granted', async () => {
  const app = await startHost();
  const { keys } = app.services.store;
  const unknown = { ...app.cato, id: UNKNOWN_ID as Tenant['id'] };
  const refused = grant(app, app.host.id, { add: [app.cato, unknown] });
  await expect(refused).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const malformed = app.mintHost([{ ...app.cato, id: 'acme' as Tenant['id'] }]);
  await expect(malformed).rejects.toMatchObject({ code: 'NOT_FOUND' });
  const [own] = await keys.list(app.acme.id, { nowMs: app.now(), staleAfterMs: 1e12 }, { limit: 1 });
  for (const id of [own?.id ?? '', 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'x']) {
    await expect(grant(app, id, { add: [app.cato] })).rejects.toMatchObject({
      code: 'KEY_NOT_FOUND',
      message: 'There is no such host key.',
    });
  }
  expect(await keys.listGrants(app.host.id)).toEqual([app.acme.id, app.bolt.id].sort());
});

test('rotated, it is replaced without downtime by a key for the same organisations', async () => {
  const app = await startHost();
  const access = operatorAccess('keys rotate', 'operator', app.services);
  const { plaintext, key, old } = await manageKeys('operator', access, app.services.operator).rotate(
    app.host.id,
    { grace: '1h' },
  );
  expect(key).toMatchObject({ scopeType: 'host', organizationId: null, replaces: app.host.id });
  const ask = async (token: string, id: string) => outcomeOf(await callFor(app, token, id));
  for (const { id } of [app.acme, app.bolt]) {
    expect([await ask(app.host.plaintext, id), await ask(plaintext, id)]).toEqual([id, id]);
  }
  expect(await ask(plaintext, app.cato.id)).toBe('ORGANIZATION_MISMATCH');
  app.advance(3_600_000);
  expect(await ask(app.host.plaintext, app.acme.id)).toBe('INVALID_TOKEN');
  expect(await ask(plaintext, app.acme.id)).toBe(app.acme.id);
  expect(old.graceUntilMs).not.toBeNull();
});

test('a withdrawal holds for both keys of a rotation under way', async () => {
  const app = await startHost();
  const access = operatorAccess('keys rotate', 'operator', app.services);
  const hostKeys = manageKeys('operator', access, app.services.operator);
  const { key, plaintext } = await hostKeys.rotate(app.host.id, { grace: '7d' });
  const ask = async (token: string, { id }: Tenant) => outcomeOf(await callFor(app, token, id));
  await grant(app, key.id, { withdraw: [app.acme] });
  for (const token of [app.host.plaintext, plaintext]) {
    expect([await ask(token, app.acme), await ask(token, app.bolt)]).toEqual([
      'ORGANIZATION_MISMATCH',
      app.bolt.id,
    ]);
  }
  await grant(app, app.host.id, { withdraw: [app.bolt] });
  for (const token of [app.host.plaintext, plaintext]) {
    expect(await ask(token, app.bolt)).toBe('ORGANIZATION_MISMATCH');
  }
});

test('the audit tells whom a key was granted, at its minting, its rotation and each real change', async () => {
  const app = await startHost();
  const access = operatorAccess('keys rotate', 'operator', app.services);
  await manageKeys('operator', access, app.services.operator).rotate(app.host.id, {});
  const told = async () => JSON.parse((await app.audit(1))[0]?.change ?? '{}');
  expect((await told()).granted).toEqual([app.acme.id, app.bolt.id].sort());
  await grant(app, app.host.id, { add: [app.cato, app.acme], withdraw: [app.bolt] });
  expect(await told()).toMatchObject({ granted: [app.cato.id], withdrawn: [app.bolt.id] });
  const rows = (await app.audit()).length;
  await grant(app, app.host.id, { add: [app.cato], withdraw: [app.bolt] });
  expect((await app.audit()).length).toBe(rows);
});
