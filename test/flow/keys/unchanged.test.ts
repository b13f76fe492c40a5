import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createCommands, createOrganization } from '../../cli/commands.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { addMember, createGroup, startWithManagers } from '../../support/member-managers.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

const ledgerOf = (folder: string): string => readFileSync(join(folder, 'tenantry.db.ledger'), 'utf8');

/** Does it twice: the second time answers the same, leaves its one closing row and nothing else. */
async function expectOnce(
  app: Pick<TestApp, 'dataDir' | 'audit'>,
  act: () => Promise<{ status: number; text: string }>,
  kept: object | null = null,
): Promise<void> {
  const first = await act();
  expect([first.status, first.text]).toEqual([200, first.text]);
  const [before] = await app.audit(1);
  const ledger = ledgerOf(app.dataDir);
  const second = await act();
  expect([second.status, second.text]).toEqual([200, first.text]);
  const [closing, previous] = await app.audit(2);
  expect(previous?.seq).toBe(before?.seq);
  expect(closing).toMatchObject({ kind: 'call', status: 200, errorCode: null });
  expect(JSON.parse(closing?.change ?? 'null')).toEqual(kept);
  expect(ledgerOf(app.dataDir)).toBe(ledger);
}

test('a change of a key that changes nothing leaves nothing, over REST and MCP', async () => {
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme');
  const manager = await app.mint(acme, { scopes: ['key:read', 'key:write'] });
  const { id } = await app.mint(acme, {
    scopes: ['agent:read'],
    restrictions: { tools: ['get_agent', 'list_jobs'], addresses: ['10.0.0.0/8'] },
  });
  const url = `${app.url}/v1/keys/${id}`;
  const patch = (body: object) => () => requestJson(url, { method: 'PATCH', key: manager.plaintext, body });
  await expectOnce(app, patch({ name: 'renamed' }));
  await expectOnce(app, patch({ owner: 'somebody', purpose: 'a purpose' }));
  await expectOnce(app, patch({ restrictions: { tools: ['list_jobs', 'get_agent', 'get_agent'] } }));
  await expectOnce(app, patch({ restrictions: { tools: ['get_agent'], addresses: ['10.0.0.0/8'] } }));
  const renamed = async () => {
    const answer = await callTool(app.url, manager.plaintext, 'update_key', { key_id: id, name: 'again' });
    return { status: answer.status, text: JSON.stringify(answer.body.result.structuredContent) };
  };
  await expectOnce(app, renamed);
  await expectOnce(app, () => requestJson(url, { method: 'DELETE', key: manager.plaintext }));
  expect((await requestJson(url, { method: 'PATCH', key: manager.plaintext, body: {} })).status).toBe(400);
});

test('the same change of a key again leaves nothing, for every change', async () => {
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme');
  const manager = await app.mint(acme, { scopes: ['key:write'] });
  const { id } = await app.mint(acme, { scopes: [] });
  const word = fc.constantFrom('one', 'two', 'three');
  const body = fc
    .record(
      { name: word, owner: word, purpose: word, restrictions: fc.constant({ tools: ['whoami'] }) },
      { requiredKeys: [] },
    )
    .filter((patch) => Object.keys(patch).length > 0);
  await fc.assert(
    fc.asyncProperty(body, async (patch) => {
      const sent = { method: 'PATCH', key: manager.plaintext, body: patch };
      await expectOnce(app, () => requestJson(`${app.url}/v1/keys/${id}`, sent));
    }),
    { numRuns: 25 },
  );
});

test('nor does one of a person or a group', async () => {
  const app = await startWithManagers();
  const send = app.acmeSends;
  const ada = await addMember(send);
  const group = await createGroup(send, { permissions: ['a:b', 'c:d'] });
  await expectOnce(app, () => send('PATCH', `members/${ada.user_id}`, { active: false }));
  await expectOnce(app, () => send('PATCH', `members/${ada.user_id}`, { active: true, role: 'member' }));
  await expectOnce(app, () => send('PATCH', `groups/${group.group_id}`, { name: 'Other' }));
  await expectOnce(app, () =>
    send('PATCH', `groups/${group.group_id}`, { permissions: ['c:d', 'a:b', 'a:b'] }),
  );
  await expectOnce(app, () => send('POST', `groups/${group.group_id}/members`, { user_id: ada.user_id }));
});

test('nor does one of the operator: of an organisation, a host key or its grants', async () => {
  const app = await startApp({ seed: false, env: { ADMIN_TOKEN } });
  const acme = await app.provision('Acme');
  const bolt = await app.provision('Bolt');
  const host = await app.mintHost([acme], { name: 'host' });
  const kept = { break_glass_reason: 'a test' };
  const post = (path: string, body?: object) => () => asOperator(app, path, { method: 'POST', body });
  await expectOnce(app, post(`/admin/organizations/${acme.id}/suspend`), kept);
  await expectOnce(app, post(`/admin/organizations/${acme.id}/resume`), kept);
  const grants = { organization_ids: [bolt.id] };
  await expectOnce(app, post(`/admin/host-keys/${host.id}/grants`, grants), kept);
  const patch = { method: 'PATCH', body: { name: 'renamed' } };
  await expectOnce(app, () => asOperator(app, `/admin/host-keys/${host.id}`, patch), kept);
  await expectOnce(app, () => asOperator(app, `/admin/host-keys/${host.id}`, { method: 'DELETE' }), kept);
});

test('a command that changes nothing leaves no row', async () => {
  const commands = createCommands();
  const { id } = await createOrganization(commands, 'Acme');
  const minted = await commands.json(['keys', 'mint', '--org', id, '--name', 'a key']);
  const ada = (await commands.json(['users', 'add', '--org', id, '--name', 'Ada'])).member.user_id;
  const acts = [
    ['orgs', 'suspend', id],
    ['orgs', 'resume', id],
    ['keys', 'revoke', minted.key.id, '--org', id],
    ['users', 'deactivate', ada, '--org', id],
  ];
  const rows = async () => (await commands.run(['audit', 'list', '--json'])).stdout;
  for (const act of acts) {
    expect([act, (await commands.run(act)).code]).toEqual([act, 0]);
    const before = [await rows(), ledgerOf(join(commands.dir, 'data'))];
    expect([act, (await commands.run(act)).code]).toEqual([act, 0]);
    expect([await rows(), ledgerOf(join(commands.dir, 'data'))]).toEqual(before);
  }
});
