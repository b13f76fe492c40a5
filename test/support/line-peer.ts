import { PassThrough, type Readable, type Writable } from 'node:stream';
import { onTestFinished } from 'vitest';
import { createLineTransport } from '../../src/transport/stdio/line-transport.ts';
import { serveMcpStdio } from '../../src/transport/stdio/stdio.ts';
import { bridgeStdio } from '../../src/transport/stdio/stdio-bridge.ts';
import type { TestApp } from './start-app.ts';

// biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
type Message = any;

/** Speaks raw lines, as a client that starts a program does; a line that is no JSON fails the test. */
export function linePeer(input: Writable, output: Readable) {
  const received: Message[] = [];
  let rest = '';
  output.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) received.push(JSON.parse(line));
  });

  async function find(
    matches: (message: Message) => boolean,
    what: string,
    withinMs = 60_000,
  ): Promise<Message> {
    const deadline = performance.now() + withinMs;
    while (performance.now() < deadline) {
      const found = received.find(matches);
      if (found !== undefined) return found;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    throw new Error(`no ${what} in ${JSON.stringify(received)}`);
  }

  const write = (line: string | Buffer) => {
    input.write(line);
    input.write('\n');
  };
  const send = (message: object) => write(JSON.stringify({ jsonrpc: '2.0', ...message }));
  return {
    /** Every message so far, in order. */
    received,
    write,
    send,
    find,
    /** The answer to the request with this id, whether a result or an error. */
    answer: (id: string | number, withinMs?: number) =>
      find((message) => message.id === id && !('method' in message), `answer to ${id}`, withinMs),
    request(id: string | number, method: string, params: object = {}): Promise<Message> {
      send({ id, method, params });
      return this.answer(id);
    },
    callTool(id: string | number, name: string, args: object = {}): Promise<Message> {
      return this.request(id, 'tools/call', { name, arguments: args });
    },
    /** The 2025-era handshake. */
    async handshake(version = '2025-11-25'): Promise<Message> {
      const clientInfo = { name: 'line-peer', version: '1.0.0' };
      const params = { protocolVersion: version, capabilities: {}, clientInfo };
      const answer = await this.request('handshake', 'initialize', params);
      send({ method: 'notifications/initialized' });
      return answer;
    },
    /** The client goes away. */
    end: () => void input.end(),
  };
}

export type LinePeer = ReturnType<typeof linePeer>;

type Credentials = { readonly apiKey?: string; readonly organizationId?: string };

/** Stdio over the stores of `app`, in this process; `ended` resolves when it has let go. */
export function serveLines(app: TestApp, { apiKey, organizationId }: Credentials) {
  const { mcp, identify, slot } = app.services;
  const deps = { ...mcp, identify, slot, organizationHeader: 'x-organization-id' };
  return peerOf((lines) => serveMcpStdio(lines, { apiKey, organizationId }, deps));
}

/** The bridge to `url`, in this process. */
export function bridgeLines(url: string, headers: Readonly<Record<string, string>>) {
  return peerOf((lines) => bridgeStdio(lines, { url: new URL(url), headers }, fetch));
}

function peerOf(serve: (lines: ReturnType<typeof createLineTransport>) => Promise<void>) {
  const input = new PassThrough();
  const output = new PassThrough();
  const ended = serve(createLineTransport(input, output));
  onTestFinished(async () => {
    input.end();
    await ended;
  });
  return { ...linePeer(input, output), ended };
}
