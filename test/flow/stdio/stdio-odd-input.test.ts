import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLineTransport } from '../../../src/transport/stdio/line-transport.ts';
import { envelope } from '../../support/http.ts';
import { serveLines } from '../../support/line-peer.ts';
import { startTwoTenants } from '../../support/start-app.ts';

test('a key in a place that the SDK quotes is answered, hidden, and the id is free again', async () => {
  const app = await startTwoTenants({ seed: false });
  const client = serveLines(app, { apiKey: app.acme.defaultKey });
  const _meta = { ...envelope, 'io.modelcontextprotocol/protocolVersion': `\n${app.bolt.defaultKey}` };
  for (const _ of [1, 2]) {
    client.received.length = 0;
    const answer = await client.request('again', 'tools/list', { _meta });
    expect(answer.error.data.code).toBe('UNSUPPORTED_PROTOCOL_VERSION');
    expect(JSON.stringify(answer)).not.toContain(app.bolt.defaultKey.slice(13));
  }
  expect((await app.audit(10)).filter(({ method }) => method === 'stdio')).toHaveLength(2);
});

test('an input that is closed before its end ends the reading', async () => {
  const input = new PassThrough();
  const reading = createLineTransport(input, new PassThrough()).read(async () => {});
  input.write('{}\n');
  setTimeout(() => input.destroy(), 20);
  expect(await reading).toBe('ended');
});
