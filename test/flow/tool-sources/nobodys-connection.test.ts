import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createMcpDownstream } from '../../../src/downstream/mcp/mcp-downstream.ts';
import { newOrganizationId } from '../../../src/ids.ts';

/** An upstream that refuses every connection, and counts them. */
async function startRefusing() {
  const asked = { times: 0 };
  const server = createServer((_request, response) => {
    asked.times += 1;
    response.writeHead(500).end();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return { asked, url: new URL(`http://127.0.0.1:${port}/mcp`) };
}

function createDownstream(url: URL) {
  const downstream = createMcpDownstream({
    server: { url, maxBytes: 4096 },
    terms: {
      organization: { in: 'header', name: 'X-Organization-Id' },
      basePath: '',
      replyField: 'organization_id',
      requireOrganizationInReply: false,
    },
    credentialFor: () => ({}),
    variablesFor: () => ({}),
    timeoutMs: 5000,
    connections: 1,
    elapsed: () => performance.now(),
  });
  onTestFinished(() => downstream.close());
  return (signal: AbortSignal) =>
    downstream.send({
      method: 'POST',
      url: new URL('http://platform.invalid/tools/plain'),
      headers: {},
      body: {},
      isRepeatable: false,
      organizationId: newOrganizationId(Date.now()),
      organization: 'customer-17',
      signal,
    });
}

test('a connection that fails when its one caller has gone is nobody’s, and no reason to end', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => unhandled.push(reason);
  process.on('unhandledRejection', note);
  onTestFinished(() => void process.off('unhandledRejection', note));
  const { asked, url } = await startRefusing();
  const gone = new AbortController();
  gone.abort(new Error('the client went away'));
  await expect(createDownstream(url)(gone.signal)).rejects.toThrow('the client went away');
  await expect.poll(() => asked.times).toBeGreaterThan(0);
  // By the time that a later one has failed, so has the first.
  await expect(createDownstream(url)(new AbortController().signal)).rejects.toMatchObject({
    code: 'DOWNSTREAM_FAILED',
  });
  expect(unhandled).toEqual([]);
});
