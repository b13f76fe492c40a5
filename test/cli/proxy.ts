import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** A reverse proxy before what `urlOf` says, that changes what it passes on; answers its own address. */
export async function startProxy(
  urlOf: () => string,
  change: (headers: IncomingHttpHeaders) => IncomingHttpHeaders,
): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const options = { method: incoming.method, headers: change({ ...incoming.headers }) };
    const onward = request(new URL(incoming.url ?? '/', urlOf()), options, (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    });
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  return listen(server);
}

/** Something that speaks HTTP and is not Tenantry. */
export function startStranger(
  status: number,
  headers: Readonly<Record<string, string>>,
  body = '<html>',
): Promise<string> {
  return listen(createServer((_request, response) => response.writeHead(status, headers).end(body)));
}

async function listen(server: ReturnType<typeof createServer>): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // A TCP server that listens has one.
  return `http://127.0.0.1:${port}`;
}

/** An address where nothing listens, because something just ceased to. */
export async function closedUrl(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo; // As above.
  await new Promise((resolve) => server.close(resolve));
  return `http://127.0.0.1:${port}`;
}
