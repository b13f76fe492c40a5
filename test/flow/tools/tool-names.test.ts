import { expect, test } from 'vitest';
import { toolName, toolNames } from '../../../src/tool-sources/tool-name.ts';
import { rpc } from '../../support/http.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

test.each([
  ['browser', 'browser_close', 'browser_close'],
  ['web', 'web_x', 'web_x'],
  ['web', 'webX', 'web_x'],
  ['web', 'web/x', 'web_x'],
  ['web', 'Web-X', 'web_x'],
  ['web', 'browser_navigate', 'web_browser_navigate'],
  ['web', 'website', 'web_website'],
  ['web', 'web', 'web_web'],
  ['repos', 'repos/listForOrg', 'repos_list_for_org'],
])('with the prefix %s, %s is %s', (prefix, id, name) => {
  expect(toolName(prefix, id)).toBe(name);
});

test('a name is at most 64 characters, and names of ids that differ differ', () => {
  const long = `web_${'x'.repeat(80)}`;
  expect(toolName('web', long)).toMatch(/^web_x{51}_[0-9a-f]{8}$/);
  expect(toolName('web', long)).not.toBe(toolName('web', `${long}y`));
});

test('ids in other scripts have names of their own', () => {
  expect(toolName('web', '获取')).toMatch(/^web_[0-9a-f]{8}$/);
  expect(toolName('web', '获取')).not.toBe(toolName('web', '删除'));
});

test('where an id with the prefix and one without would share a name, neither has it', () => {
  const names = toolNames('web', ['web_open', 'open', 'close']);
  expect([names('web_open'), names('open')]).toEqual([
    expect.stringMatching(/^web_open_[0-9a-f]{8}$/),
    expect.stringMatching(/^web_open_[0-9a-f]{8}$/),
  ]);
  expect(names('web_open')).not.toBe(names('open'));
  expect(names('close')).toBe('web_close');
});

test('a document whose operations begin with the prefix is served without it twice', async () => {
  const operation = (operationId: string) => ({
    get: { operationId, responses: { 200: { description: 'x' } } },
  });
  const document = {
    openapi: '3.1.0',
    info: { title: 'P', version: '1' },
    paths: {
      '/a': operation('deskList'),
      '/b': operation('desk_open'),
      '/c': operation('open'),
      '/d': operation(''),
    },
  };
  const platform = await startRestPlatform((_call, response) => json(response, document));
  const downstream = {
    prefix: 'desk',
    openapi: `${platform.url}/openapi.json`,
    url: platform.url,
    scopes: { methods: { get: 'agent:read' } },
    organizationInDocument: false,
  };
  const app = await startApp({ seed: false, config: { builtinTools: false, downstreams: [downstream] } });
  const { defaultKey } = await app.provision('Acme');
  const { tools } = (await rpc(app.url, defaultKey, 'tools/list')).body.result;
  const names = tools.map(({ name }: { name: string }) => name).filter((name: string) => /^desk/.test(name));
  expect(names).toEqual([
    'desk_list',
    expect.stringMatching(/^desk_open_[0-9a-f]{8}$/),
    expect.stringMatching(/^desk_open_[0-9a-f]{8}$/),
    'desk_get_d',
  ]);
});
