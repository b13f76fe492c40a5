import { expect, test } from 'vitest';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { call, modern, older } from '../../support/lane-requests.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';
import { expectSame, startTwoLanes } from '../../support/two-lanes.ts';

test('a tool that is mistyped is answered with close ones, of those that the key may call, on either lane', async () => {
  const lanes = await startTwoLanes({ seed: false });
  const manager = await lanes.mint(lanes.acme, { additionalScopes: ['key:read', 'key:write'] });
  const bound = await lanes.mint(lanes.acme, {
    scopes: ['key:read'],
    restrictions: { tools: ['list_keys'] },
  });
  const cases: readonly (readonly [string, string, readonly string[]])[] = [
    [manager.plaintext, 'rotate_kye', ['rotate_key']],
    [manager.plaintext, 'mint_keys', ['mint_key']],
    // Neither what its scopes nor what its restrictions keep from a key is named to it.
    [lanes.acme.defaultKey, 'rotate_kye', []],
    [bound.plaintext, 'review_kesy', []],
    // Of REST alone.
    [manager.plaintext, 'list_scopess', []],
    [manager.plaintext, 'w'.repeat(1000), []],
  ];
  for (const [key, name, close] of cases) {
    for (const speak of [older, modern]) {
      const answers = await lanes.send(speak(key, call(name)));
      expectSame(answers);
      const { message, data } = JSON.parse(answers[0].message).error;
      expect([data.code, data.did_you_mean ?? []]).toEqual(['UNKNOWN_TOOL', close]);
      const asked = close.length === 0 ? '.' : `; did you mean ${close.join(' or ')}?`;
      expect(message).toBe(`There is no such tool${asked}`);
    }
  }
});

test('a refusal names the scope, the header or the argument that it is about', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write'] });
  const host = await app.mintHost([app.acme, app.bolt]);
  const said = async (name: string, args: object, by = key) => {
    const { body } = await callTool(app.url, by, name, args);
    return body.result.content[0].text;
  };
  const asked = { scope_type: 'global', name: 'x' };
  expect(await said('mint_key', { ...asked, scopes: ['audit:read', 'agent:read'] })).toBe(
    'SCOPE_ESCALATION: Nobody grants a scope that they do not hold: audit:read.',
  );
  expect(await said('mint_key', { ...asked, additional_scopes: ['agent:serch'] })).toMatch(
    /^VALIDATION_ERROR: additional_scopes: "agent:serch" is unknown, did you mean "agent:search"\? Known: /,
  );
  expect(await said('mint_key', { name: 'x' })).toMatch(
    /^SCOPE_REQUIRED: scope_type is required: "global" .*"user"/,
  );
  expect(await said('mint_key', { ...asked, name: undefined })).toBe('VALIDATION_ERROR: name is required');
  const absent = { agent_id: 'agt_01ARZ3NDEKTSV4RRFFQ69G5FAV' };
  expect(await said('get_agent', absent, app.acme.defaultKey)).toBe(
    'NOT_FOUND: There is no agent with this agent_id.',
  );

  const unnamed = await rpc(app.url, host.plaintext, 'tools/list');
  expect(unnamed.body.error.message).toBe(
    'The credential serves several organisations; name one in the header X-Organization-Id, or in the URL /o/{organization_id}/mcp.',
  );
  const onRest = await requestJson(`${app.url}/v1/whoami`, { key: host.plaintext });
  expect(refusalIn(onRest).code).toBe('ORGANIZATION_REQUIRED');
  expect(onRest.body.error.message).toBe(
    'The credential serves several organisations; name one in the header X-Organization-Id.',
  );
});

test('the header is named as it is configured', async () => {
  const app = await startTwoTenants({ seed: false, config: { server: { organizationHeader: 'X-Tenant' } } });
  const host = await app.mintHost([app.acme]);
  const { body } = await requestJson(`${app.url}/v1/whoami`, { key: host.plaintext });
  expect(body.error.message).toContain('name one in the header X-Tenant.');
});

test('a scope, a field or a tool that somebody pastes a key into is not said again', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:write'] });
  for (const args of [{ scopes: [key] }, { scopes: [`${key}\n\u001b[31m`] }, { [key]: 1 }]) {
    const { text } = await callTool(app.url, key, 'mint_key', { scope_type: 'global', name: 'x', ...args });
    expect(text).toContain('VALIDATION_ERROR');
    expect(text).not.toContain(key.slice(13));
    expect(text).not.toContain('\\u001b');
  }
});
