import { connect } from 'node:net';
import { onTestFinished } from 'vitest';

/** Sends the head of a request at once, and its JSON body when told to; answers the status line and all after it. */
export function startSlowRequest(port: number, method: string, target: string, headers: readonly string[]) {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let answer = '';
  const closed = new Promise<string>((resolve, reject) => {
    socket.setEncoding('utf8').on('data', (text: string) => {
      answer += text;
    });
    socket.on('close', () => resolve(answer));
    socket.on('error', reject);
  });
  const head = (length: number) =>
    [
      `${method} ${target} HTTP/1.1`,
      'Host: localhost',
      'Connection: close',
      'Content-Type: application/json',
      `Content-Length: ${length}`,
      ...headers,
    ].join('\r\n');
  return {
    /** The head, announcing a body of this text. */
    begin(body: object) {
      socket.write(`${head(Buffer.byteLength(JSON.stringify(body)))}\r\n\r\n`);
    },
    /** Breaks the connection. */
    leave: () => void socket.destroy(),
    async end(body: object): Promise<string> {
      socket.write(JSON.stringify(body));
      return closed;
    },
  };
}
