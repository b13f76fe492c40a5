import { expect, test } from 'vitest';
import type { MintRequest } from '../../../src/keys/policy/mint-request.ts';
import { callTool } from '../../support/http.ts';
import { operatePeople } from '../../support/operate-people.ts';
import { type Finding, known, startReviewed } from '../../support/reviewed.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;

async function startWithPerson() {
  const app = await startTwoTenants({ seed: false, config: { permissions: { all: '*' } } });
  const { userId } = await operatePeople(app, app.acme).add({ name: 'Ada', email: null, role: 'admin' });
  const mintOwn = (request: Partial<MintRequest>) =>
    app.mint(app.acme, { scopeType: 'user', userId, ...known, ...request });
  return { ...app, ...(await startReviewed(app, app.acme)), mintOwn };
}

const commandsOf = (findings: readonly Finding[]) =>
  findings.map(({ finding, command }: Finding) => [finding, command]);

test('a key of a person is rotated by that person, with the tool; all else is for the operator', async () => {
  const app = await startWithPerson();
  const key = await app.mintOwn({ scopes: ['agent:search'], expiresInDays: 30 });
  app.advance(17 * DAY_MS);
  expect(commandsOf(await app.found(key.id))).toEqual([
    ['expires_soon', `tenantry call rotate_key '{"key_id":"${key.id}"}'`],
  ]);
  app.advance(14 * DAY_MS);
  expect(commandsOf(await app.found(key.id))).toEqual([
    ['expired', `tenantry keys revoke ${key.id} --org ${app.acme.id}`],
  ]);
});

test('a key of a person is narrowed by their own call too', async () => {
  const app = await startWithPerson();
  const key = await app.mintOwn({ scopes: ['key:read', 'agent:search'] });
  app.advance(31 * DAY_MS);
  await callTool(app.url, key.plaintext, 'list_keys');
  expect(commandsOf(await app.found(key.id))).toEqual([
    ['scopes_unused', `tenantry call rotate_key '{"key_id":"${key.id}","scopes":["key:read"]}'`],
  ]);
});
