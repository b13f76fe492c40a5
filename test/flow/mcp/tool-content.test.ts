import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool, type ToolContent } from '../../../src/tool/public.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { call, modern, older } from '../../support/lane-requests.ts';
import { startApp } from '../../support/start-app.ts';
import { expectSame, expectSameRows, startTwoLanes } from '../../support/two-lanes.ts';

const portrait = defineTool({
  name: 'get_portrait',
  title: 'Get a portrait',
  description: 'Gives a picture and what it shows.',
  scope: 'any',
  effect: 'reads',
  rest: 'GET /v1/portrait',
  input: z.strictObject({ of: z.string() }),
  output: z.object({ shows: z.string(), png: z.string() }),
  content: ({ shows, png }): readonly ToolContent[] => [
    { type: 'text', text: shows },
    { type: 'image', data: png, mimeType: 'image/png' },
    { type: 'audio', data: png, mimeType: 'audio/wav' },
    { type: 'resource', resource: { uri: 'portrait://1', mimeType: 'text/plain', text: '"\u2028' } },
  ],
  handle: async ({ of }) => ({ shows: of, png: 'AAAA' }),
});

const faulty = defineTool({
  name: 'get_fault',
  title: 'Get a fault',
  description: 'Fails while it is shown.',
  scope: 'any',
  effect: 'reads',
  input: z.strictObject({}),
  output: z.object({}),
  content() {
    throw new TypeError('a secret detail');
  },
  handle: async () => ({}),
});

test('a tool shows pictures, sound and resources beside its fields, on either lane and in either era', async () => {
  const { acme, send, audit } = await startTwoLanes({ seed: false, tools: [portrait, faulty] });
  const key = acme.defaultKey;
  const pairs = [];
  for (const era of [modern, older]) {
    const shown = await send(era(key, call('get_portrait', { of: 'a nurse' })));
    const { result } = JSON.parse(shown[0].message);
    expect(result.structuredContent).toEqual({ shows: 'a nurse', png: 'AAAA' });
    expect(result.content.map(({ type }: { type: string }) => type)).toEqual([
      'text',
      'image',
      'audio',
      'resource',
    ]);
    pairs.push(shown, await send(era(key, call('get_fault'))));
  }
  for (const pair of pairs) expectSame(pair);
  expectSameRows(await audit(20), pairs);
});

test('REST answers the fields alone, and so does MCP if nothing else can be shown, since the call is done', async () => {
  const app = await startApp({ seed: false, tools: [portrait, faulty] });
  const { defaultKey } = await app.provision('Acme');
  const rest = await requestJson(`${app.url}/v1/portrait?of=x`, { key: defaultKey });
  expect(rest.body).toEqual({ shows: 'x', png: 'AAAA' });
  const failed = await callTool(app.url, defaultKey, 'get_fault');
  expect(failed.body.result).toMatchObject({
    structuredContent: {},
    content: [{ type: 'text', text: '{}' }],
  });
  expect(failed.text).not.toContain('secret detail');
  expect(app.log.filter((line) => line.includes('a tool failed'))).toHaveLength(1);
});
