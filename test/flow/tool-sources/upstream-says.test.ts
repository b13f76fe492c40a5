import { expect, test } from 'vitest';
import { startBehind } from '../../support/behind-upstream.ts';
import { startPlainUpstream } from '../../support/plain-upstream.ts';
import { collect, eras, openCall } from '../../support/streams.ts';

const tools = [{ name: 'speak', inputSchema: { type: 'object' } }];
const scopes = { speak: 'agent:read' };
const foreign = '{"organization_id":"org_B","secret":1}';

test.each(eras)(
  'progress that names another organisation is not passed on, nor what follows (%s)',
  async (era) => {
    const words = ['Step 1.', foreign, 'Step 3.'];
    const upstream = await startPlainUpstream(tools, undefined, (progressToken) => [
      { method: 'notifications/message', params: { level: 'info', data: foreign } },
      ...words.map((message, step) => ({
        method: 'notifications/progress',
        params: { progressToken, progress: step + 1, message },
      })),
    ]);
    const app = await startBehind(upstream.url, { scopes });
    const call = await openCall(app.url, app.acme.defaultKey, era, { name: 'up_speak', progressToken: 'p' });
    const messages = await collect(call.messages);
    expect(messages.slice(0, -1).map(({ params }) => params.message)).toEqual(['Step 1.']);
    expect(JSON.stringify(messages)).not.toContain('org_B');
    expect(messages.at(-1).result._meta['tenantry/error'].code).toBe('TENANT_MISMATCH');
  },
);

test('a server behind us gets no answer from a caller: it may ask for none', async () => {
  const upstream = await startPlainUpstream(tools, undefined, () => [
    { id: 'e', method: 'elicitation/create', params: { message: 'Your password?', requestedSchema: {} } },
    { id: 's', method: 'sampling/createMessage', params: { messages: [], maxTokens: 1 } },
    { id: 'r', method: 'roots/list' },
  ]);
  const app = await startBehind(upstream.url, { scopes });
  const call = await openCall(app.url, app.acme.defaultKey, '2025', { name: 'up_speak', progressToken: 'p' });
  expect(await collect(call.messages)).toMatchObject([{ result: { structuredContent: { content: [] } } }]);
});

const json = Buffer.from(foreign);
const csv = '\ufeffname,organization_id\r\nx,org_B\r\n';
const wide = Buffer.from(csv, 'utf16le');
const resource = (bytes: Buffer, mimeType?: string) => ({
  type: 'resource',
  resource: { uri: 'x://y', ...(mimeType && { mimeType }), blob: bytes.toString('base64') },
});
const picture = (type: string, bytes: Buffer, mimeType: string) => ({
  ...{ type, mimeType },
  data: bytes.toString('base64'),
});
const blobs: Record<string, object> = {
  'UTF-16': resource(wide, 'text/csv'),
  'UTF-16 with its bytes turned': resource(Buffer.from(wide).swap16(), 'application/vnd.ms-excel'),
  'UTF-16 without a mark': resource(wide.subarray(2), 'text/csv'),
  'the type of bytes': resource(json, 'application/octet-stream'),
  'the type of code': resource(json, 'application/javascript'),
  'no type': resource(json),
  'the place of a picture': picture('image', json, 'application/json'),
  'a picture that is text': picture(
    'image',
    Buffer.from('<svg>organization_id: org_B</svg>'),
    'image/svg+xml',
  ),
  'the place of a sound': picture('audio', json, 'audio/wav'),
};

test.each(Object.keys(blobs))('a text in base64 is judged as any text: %s', async (how) => {
  const upstream = await startPlainUpstream(tools, () => ({ content: [blobs[how]] }));
  const app = await startBehind(upstream.url, { scopes });
  expect(await app.ask(app.acme, 'up_speak')).toBe('TENANT_MISMATCH');
});

test('pictures, and texts that name nobody else, are shown', async () => {
  const png = Buffer.from(
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
    'base64',
  );
  const content = [
    picture('image', png, 'image/png'),
    picture('audio', Buffer.from([0xff, 0xfb, 0x90, 0x44, 0, 0]), 'audio/mpeg'),
    resource(png),
    resource(Buffer.alloc(0), 'text/plain'),
    resource(Buffer.from('\ufeffname\r\norganization\r\n', 'utf16le'), 'text/csv'),
    resource(Buffer.from('organization_id: customer-17', 'utf16le'), 'text/plain'),
  ];
  const upstream = await startPlainUpstream(tools, () => ({ content }));
  const app = await startBehind(upstream.url, { scopes });
  expect(await app.ask(app.acme, 'up_speak')).toMatchObject({ content });
});
