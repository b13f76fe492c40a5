import { Agent, request } from 'node:http';

export type Sent = {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
};

export type Got = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
};

/** Sends what a tidy client would not let through: any header, on connections that are kept. */
export function createSender(url: string) {
  const { hostname, port } = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: 32 });
  const send = (asked: Sent): Promise<Got> =>
    new Promise((resolve, reject) => {
      const { method = 'GET', path, headers = {}, body } = asked;
      const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
      const options = { hostname, port, agent, method, path, headers: { ...headers, ...length } };
      const sent = request(options, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', reject);
        response.on('end', () => {
          const named = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
          const text = Buffer.concat(chunks).toString('utf8');
          resolve({ status: response.statusCode ?? 0, headers: Object.fromEntries(named), text });
        });
      });
      const fail = (error: NodeJS.ErrnoException) => {
        // The server closed a connection that lay idle while this was on its way: nothing was read of it.
        if (sent.reusedSocket && error.code === 'ECONNRESET') send(asked).then(resolve, reject);
        else reject(error);
      };
      sent.on('error', fail).end(body);
    });
  return { send, close: () => agent.destroy() };
}

export type Send = ReturnType<typeof createSender>['send'];

/** Runs `work` on every item, `width` at a time. */
export async function forEachOf<T>(
  items: readonly T[],
  width: number,
  work: (item: T, index: number) => Promise<void>,
): Promise<void> {
  const rest = items.entries();
  const one = async () => {
    for (const [index, item] of rest) await work(item, index);
  };
  await Promise.all(Array.from({ length: width }, one));
}
