import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultCanonicalScopes } from '../../../src/scopes/scopes.ts';
import { tools } from '../../../tools/index.ts';
import { connect } from '../../support/clients.ts';
import { callTool, requestJson, rpc } from '../../support/http.ts';
import { startApp, startTwoTenants } from '../../support/start-app.ts';

const onMcp = tools.filter((tool) => tool.onMcp);
const everyScope = [...new Set(onMcp.map(({ scope }) => scope))].filter((scope) => scope !== 'any');

test('with any scopes, exactly the listed tools may be called', async () => {
  const app = await startTwoTenants({ seed: false });
  await fc.assert(
    fc.asyncProperty(fc.subarray(everyScope), async (scopes) => {
      const { plaintext } = await app.mint(app.acme, { scopes });
      const list = await rpc(app.url, plaintext, 'tools/list');
      const listed = list.body.result.tools.map(({ name }: { name: string }) => name);
      const callable: string[] = [];
      for (const { name } of onMcp) {
        const answer = await callTool(app.url, plaintext, name);
        if (answer.status !== 403) callable.push(name);
        else expect(answer.body.error.data.code).toBe('INSUFFICIENT_SCOPE');
      }
      expect(listed).toEqual(callable);
    }),
    { numRuns: 12 },
  );
});

test('REST refuses what MCP refuses', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = await app.mint(app.acme, { scopes: [] });
  for (const tool of tools) {
    if (tool.rest === null || tool.scope === 'any') continue;
    const [method = '', path = ''] = tool.rest.split(' ');
    const url = app.url + path.replaceAll(/\{[^}]+\}/g, 'x');
    const answer = await requestJson(url, {
      method,
      key: plaintext,
      ...(/POST|PATCH/.test(method) && { body: {} }),
    });
    expect([tool.name, answer.status, answer.body.error.code]).toEqual([
      tool.name,
      403,
      'INSUFFICIENT_SCOPE',
    ]);
  }
});

test('a missing scope is a 403 that names the required one, and nothing is sent', async () => {
  const app = await startTwoTenants();
  const { plaintext } = await app.mint(app.acme, { scopes: ['study:read'] });
  const answer = await callTool(app.url, plaintext, 'search_agents', { query: 'nurse' });
  expect(answer.status).toBe(403);
  expect(answer.headers.get('www-authenticate')).toMatch(
    /^Bearer error="insufficient_scope", scope="agent:search", /,
  );
  expect(answer.body.error).toMatchObject({
    code: 40303,
    data: { code: 'INSUFFICIENT_SCOPE', required: ['agent:search'], granted: ['study:read'] },
  });
  expect(app.sent).toEqual([]);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ tool: 'search_agents', status: 403, errorCode: 'INSUFFICIENT_SCOPE' });
});

test('for hosts that break on a 403, a missing scope is an answer of the tool', async () => {
  const app = await startTwoTenants({ config: { scopes: { denial: 'tool-error' } } });
  const { plaintext } = await app.mint(app.acme, { scopes: [] });
  const client = await connect(app.url, plaintext);
  const answer = await client.callTool({ name: 'search_agents', arguments: {} });
  expect(answer.isError).toBe(true);
  expect(answer._meta?.['tenantry/error']).toMatchObject({
    code: 'INSUFFICIENT_SCOPE',
    required: ['agent:search'],
  });
  expect(app.sent).toEqual([]);
});

test('an empty list of scopes allows nothing but to ask who one is', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = await app.mint(app.acme, { scopes: [] });
  const list = await rpc(app.url, plaintext, 'tools/list');
  expect(list.body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['whoami']);
});

test('a new organisation gets one default key with the canonical set', async () => {
  const app = await startTwoTenants({ seed: false });
  const who = await requestJson(`${app.url}/v1/whoami`, { key: app.acme.defaultKey });
  expect(who.body).toMatchObject({
    organization: { organization_id: app.acme.id, name: 'Acme Research' },
    key: { scope_type: 'global', expires_at: null },
    scopes: [...defaultCanonicalScopes],
    canonical_version: 1,
  });
  const { plaintext } = await app.mint(app.acme, { scopes: ['key:read', 'key:write'] });
  const keys = await requestJson(`${app.url}/v1/keys`, { key: plaintext });
  expect(keys.body.keys.filter((key: { is_default: boolean }) => key.is_default)).toHaveLength(1);
});

test('a new canonical set is a new version, and no existing key changes', async () => {
  const first = await startApp({ seed: false });
  const acme = await first.provision('Acme');
  const before = await requestJson(`${first.url}/v1/whoami`, { key: acme.defaultKey });
  const { store, platform } = first.services;
  const canon = await store.organizations.ensureCanonicalSet(
    [...defaultCanonicalScopes, 'study:write'],
    first.now(),
  );
  expect(canon.version).toBe(2);
  expect(platform).toBeDefined();
  const after = await requestJson(`${first.url}/v1/whoami`, { key: acme.defaultKey });
  expect(after.text).toBe(before.text);
  const fresh = await first.mint(acme);
  expect(fresh).toMatchObject({ scopeSource: 'canonical', canonicalVersion: 2 });
  expect(fresh.scopes).toContain('study:write');
  const shown = await requestJson(`${first.url}/v1/scopes`, { key: fresh.plaintext });
  expect(shown.body.canonical).toEqual({ version: 2, scopes: [...defaultCanonicalScopes, 'study:write'] });
  expect(shown.body.catalogue).toContain('key:write');
});

test('a restricted key is refused outside its tools and addresses, and does not list them', async () => {
  const app = await startTwoTenants();
  const narrow = await app.mint(app.acme, { restrictions: { tools: ['get_agent', 'whoami'] } });
  const list = await rpc(app.url, narrow.plaintext, 'tools/list');
  expect(list.body.result.tools.map(({ name }: { name: string }) => name)).toEqual(['whoami', 'get_agent']);
  const answer = await callTool(app.url, narrow.plaintext, 'search_agents', {});
  expect([answer.status, answer.body.error.data.code]).toEqual([403, 'KEY_RESTRICTED']);

  const elsewhere = await app.mint(app.acme, { restrictions: { addresses: ['192.0.2.0/24'] } });
  const refused = await requestJson(`${app.url}/v1/whoami`, { key: elsewhere.plaintext });
  expect([refused.status, refused.body.error.code]).toEqual([403, 'KEY_RESTRICTED']);
  const here = await app.mint(app.acme, { restrictions: { addresses: ['127.0.0.0/8'] } });
  expect((await requestJson(`${app.url}/v1/whoami`, { key: here.plaintext })).status).toBe(200);
});
