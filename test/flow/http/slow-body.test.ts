import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { operatorAccess } from '../../../src/cli/keys/operate-keys.ts';
import { manageKeys } from '../../../src/keys/manage-keys.ts';
import { grant, startHost } from '../../support/host-calls.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { setStatus } from '../../support/organization-status.ts';
import { startSlowRequest } from '../../support/slow-request.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

const group = { name: 'Late', agent_ids: ['agt_1'] };
const headersOf = (key: string, organizationId: string) => [
  `Authorization: Bearer ${key}`,
  `X-Organization-Id: ${organizationId}`,
];

/** The answer to a request whose body waits while `meanwhile` runs. */
async function heldBack(
  app: TestApp,
  headers: readonly string[],
  target: string,
  body: object,
  meanwhile: () => Promise<unknown>,
) {
  const slow = startSlowRequest(app.port, 'POST', target, headers);
  slow.begin(body);
  await setTimeout(150);
  await meanwhile();
  const answer = await slow.end(body);
  return [answer.slice(9, 12), /"code":"([A-Z_]+)"/.exec(answer)?.[1] ?? 'done'];
}

test('a client that leaves in the middle of a body leaves a row that says so, and keeps no slot', async () => {
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme');
  const slow = startSlowRequest(app.port, 'POST', '/v1/research-groups', headersOf(acme.defaultKey, acme.id));
  slow.begin(group);
  await setTimeout(150);
  slow.leave();
  const newest = async () => (await app.audit(1))[0];
  await expect
    .poll(newest)
    .toMatchObject({ status: 499, errorCode: 'CANCELLED', target: '/v1/research-groups' });
});

test('a body that is held back is judged by what its sender is when it comes', async () => {
  const app = await startHost({ env: { ADMIN_TOKEN } });
  const { acme, bolt, host } = app;
  const writer = await app.mintHost([acme, bolt], { scopes: ['research_group:write'] });
  const own = await app.mint(acme, { scopes: ['research_group:write', 'key:write'] });
  const ask = (key: string, meanwhile: () => Promise<unknown>) =>
    heldBack(app, headersOf(key, acme.id), '/v1/research-groups', group, meanwhile);
  const revoke = (keyspace: 'operator' | typeof acme.id, id: string) =>
    manageKeys(keyspace, operatorAccess('keys revoke', keyspace, app.services), app.services.operator).revoke(
      id,
    );

  expect(await ask(writer.plaintext, () => grant(app, writer.id, { withdraw: [acme] }))).toEqual([
    '403',
    'ORGANIZATION_MISMATCH',
  ]);
  await grant(app, writer.id, { add: [acme] });
  expect(await ask(writer.plaintext, () => setStatus(app, acme, 'suspended'))).toEqual([
    '403',
    'ORGANIZATION_SUSPENDED',
  ]);
  await setStatus(app, acme, 'active');
  expect(await ask(writer.plaintext, () => revoke('operator', writer.id))).toEqual(['401', 'INVALID_TOKEN']);
  expect(await ask(own.plaintext, () => revoke(acme.id, own.id))).toEqual(['401', 'INVALID_TOKEN']);
  expect(app.sent).toEqual([]);
  expect(host.revokedAtMs).toBeNull();
});

test('a body that is held back reaches no bootstrap that was closed meanwhile', async () => {
  const app = await startApp({ seed: false });
  const body = { organization: 'Late', code: app.services.bootstrap.code };
  const outcome = await heldBack(app, [], '/admin/bootstrap', body, () => app.provision('First'));
  expect(outcome).toEqual(['409', 'BOOTSTRAP_CLOSED']);
});
