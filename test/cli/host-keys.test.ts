import { expect, test } from 'vitest';
import { callFor, outcomeOf } from '../support/host-calls.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';

async function startHost() {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const bolt = await createOrganization(commands, 'Bolt');
  const mint = (...args: string[]) => commands.json(['keys', 'mint', '--host', '--name', 'Agents', ...args]);
  return { commands, acme: acme.id, bolt: bolt.id, mint };
}

test('the operator mints a host key, grants and withdraws, rotates and revokes it', async () => {
  const { commands, acme, bolt, mint } = await startHost();
  const { key, auth_token, warning } = await mint('--for', acme, '--owner', 'platform');
  expect(key).toMatchObject({
    scope_type: 'host',
    organization_id: null,
    created_by: 'cli',
    owner: 'platform',
  });
  expect(warning).toContain('once');
  const server = await commands.startServer();
  const ask = async (token: string, id: string) => outcomeOf(await callFor(server, token, id));
  expect([await ask(auth_token, acme), await ask(auth_token, bolt)]).toEqual([acme, 'ORGANIZATION_MISMATCH']);

  const grants = (...args: string[]) => commands.json(['keys', 'grants', key.id, ...args]);
  expect((await grants('--add', `${bolt}, ${acme}`)).organization_ids).toEqual([acme, bolt].sort());
  expect(await ask(auth_token, bolt)).toBe(bolt);
  expect((await grants('--withdraw', acme)).organization_ids).toEqual([bolt]);
  expect(await ask(auth_token, acme)).toBe('ORGANIZATION_MISMATCH');
  const { stdout } = await commands.run(['keys', 'grants', key.id]);
  expect(linesOf(stdout).map((line) => line.split(/ {2,}/))).toEqual([
    ['ORGANIZATION ID', 'NAME', 'STATUS'],
    [bolt, 'Bolt', 'active'],
  ]);

  const rotated = await commands.json(['keys', 'rotate', key.id, '--host', '--grace', '0']);
  expect(await ask(auth_token, bolt)).toBe('INVALID_TOKEN');
  expect(await ask(rotated.auth_token, bolt)).toBe(bolt);
  const updated = await commands.json(['keys', 'update', rotated.key.id, '--host', '--purpose', 'Calls']);
  expect(updated.key).toMatchObject({ id: rotated.key.id, purpose: 'Calls' });
  const { keys } = await commands.json(['keys', 'list', '--host']);
  expect(keys.map(({ id }: { id: string }) => id)).toEqual([rotated.key.id, key.id]);
  await commands.json(['keys', 'revoke', rotated.key.id, '--host']);
  expect(await ask(rotated.auth_token, bolt)).toBe('INVALID_TOKEN');

  const { events } = await commands.json(['audit', 'list']);
  const acts = events.filter(({ tier }: { tier: string }) => tier === 'cli').reverse();
  expect(acts.slice(2).map(({ target }: { target: string }) => target)).toEqual([
    ...['keys mint', 'keys grants', 'keys grants', 'keys rotate', 'keys update', 'keys revoke'],
  ]);
  expect(acts[2].change).toMatchObject({ minted: key.id, granted: [acme] });
  expect(acts[3].change).toEqual({
    host_key: key.id,
    prefix: key.prefix,
    granted: [bolt],
    withdrawn: [],
  });
  for (const act of acts.slice(2)) expect(act.organization_id).toBeNull();
});

test('its review finds what it never used, over all organisations, with commands that do it', async () => {
  const { commands, acme, bolt, mint } = await startHost();
  const { key, auth_token } = await mint('--for', `${acme},${bolt}`, '--expires-in-days', 'never');
  const server = await commands.startServer();
  await callFor(server, auth_token, bolt, 'search_agents', { limit: 1 });
  const { keys } = await commands.json(['keys', 'list', '--org', acme]);
  expect(keys).toHaveLength(1);
  const { findings } = await commands.json(['keys', 'review', '--host', '--unused-days', '1']);
  expect(findings.map(({ finding }: { finding: string }) => finding).sort()).toEqual([
    ...['never_expires', 'no_purpose', 'owner_unknown'],
  ]);
  for (const { key_id, command } of findings) {
    expect(key_id).toBe(key.id);
    expect(command).toContain(` ${key.id} --host`);
  }
  // Two days later it is old enough for a review of its use.
  commands.tamper(
    `UPDATE keys SET created_at = created_at - 2 * 86400000, last_used_at = ${Date.now()} WHERE scope_type = 'host'`,
  );
  const later = await commands.json(['keys', 'review', '--host', '--unused-days', '1']);
  const unused = later.findings.find(({ finding }: { finding: string }) => finding === 'scopes_unused');
  expect(unused.scopes_unused).toEqual(['research_group:read', 'study:read', 'agent:read', 'job:read']);
  expect(unused.command).toBe(`tenantry keys rotate ${key.id} --host --scopes agent:search`);
  const narrowed = await commands.json(unused.command.split(' ').slice(1));
  expect(narrowed.key).toMatchObject({ scopes: ['agent:search'], scope_type: 'host' });
});

test('whose keys are meant must be said, once', async () => {
  const { commands, acme, mint } = await startHost();
  const { key } = await mint();
  for (const args of [
    ['mint', '--name', 'x'],
    ['list'],
    ['review'],
    ['rotate', key.id],
    ['update', key.id, '--name', 'x'],
    ['revoke', key.id],
    ['confirm', key.id],
    ['list', '--host', '--org', acme],
    ['mint', '--name', 'x', '--org', acme, '--for', acme],
  ]) {
    const { code, stdout } = await commands.run(['keys', ...args]);
    expect([args, code, stdout]).toEqual([args, 2, '']);
  }
  for (const args of [
    ['revoke', key.id, '--org', acme],
    ['grants', 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV', '--add', acme],
    ['grants', 'x', '--add', acme],
  ]) {
    expect(await commands.run(['keys', ...args])).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/^KEY_NOT_FOUND: /),
    });
  }
  for (const id of ['acme', unknownOrganization]) {
    const refused = await commands.run(['keys', 'mint', '--host', '--name', 'x', '--for', id]);
    expect(refused).toMatchObject({ code: 1, stderr: expect.stringMatching(/^NOT_FOUND: /) });
  }
  const managing = await commands.run(['keys', 'mint', '--host', '--name', 'x', '--add', 'key:write']);
  expect(managing).toMatchObject({
    code: 1,
    stderr: expect.stringMatching(/^VALIDATION_ERROR: .*manages keys/),
  });
  expect((await commands.json(['keys', 'list', '--host'])).keys).toHaveLength(1);
});

test('the grants of a key that has none are told, and of a key that is not there too', async () => {
  const { commands, mint } = await startHost();
  const { key } = await mint();
  expect((await commands.run(['keys', 'grants', key.id])).stdout).toBe('It may act for no organisation.\n');
  const absent = await commands.run(['keys', 'grants', 'key_01ARZ3NDEKTSV4RRFFQ69G5FAV']);
  expect(absent).toMatchObject({ code: 1, stderr: expect.stringMatching(/^KEY_NOT_FOUND: /) });
});

test('an organisation is granted or withdrawn, not both at once', async () => {
  const { commands, acme, mint } = await startHost();
  const { key } = await mint('--for', acme);
  const both = await commands.run(['keys', 'grants', key.id, '--host', '--add', acme, '--withdraw', acme]);
  expect(both).toMatchObject({ code: 1, stderr: expect.stringMatching(/^VALIDATION_ERROR: .*not both/) });
  expect((await commands.json(['keys', 'grants', key.id])).organization_ids).toEqual([acme]);
});

test('what was made is told: for whom, and until when', async () => {
  const { commands, acme } = await startHost();
  const named = await commands.run(['keys', 'mint', '--host', '--name', 'A', '--for', acme]);
  expect(named.stdout).toContain(`It may act for: ${acme}.`);
  const none = await commands.run(['keys', 'mint', '--host', '--name', 'B', '--expires-in-days', 'never']);
  expect(none.stdout).toMatch(/It expires: never\.\nIt may act for: no organisation yet/);
});
