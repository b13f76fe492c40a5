import { type Outcome, openConnection } from '../support/kept-connection.ts';
import { mcpRequest, restRequest } from '../support/wire-requests.ts';

/** One request that a client sent, and what it knows of it. */
export type Sent = {
  /** Stands in the audit as `on_behalf_of`, so that a request that nobody answered is found there. */
  readonly marker: string;
  readonly kind: string;
  readonly wasReused: boolean;
  readonly outcome: Outcome;
};

export type Clients = {
  readonly sent: readonly Sent[];
  /** Resolves when nothing listens any more and each has its last answer. */
  readonly ended: Promise<unknown>;
  stop(): void;
};

type Kind = readonly [name: string, count: number, request: (key: string, marker: string) => Buffer];

const behalf = (marker: string) => ({ 'x-on-behalf-of': marker });

/** What forty clients do. The searches go to a platform that takes its time. */
const kinds: readonly Kind[] = [
  ['slow MCP', 10, (key, marker) => mcpRequest(key, { name: 'search_agents', headers: behalf(marker) })],
  [
    'slow engine',
    6,
    (key, marker) => mcpRequest(key, { name: 'search_agents', lane: 'engine', headers: behalf(marker) }),
  ],
  ['slow REST', 6, (key, marker) => restRequest(key, 'GET', '/v1/agents/search', undefined, behalf(marker))],
  ['MCP', 6, (key, marker) => mcpRequest(key, { name: 'whoami', headers: behalf(marker) })],
  ['REST', 8, (key, marker) => restRequest(key, 'GET', '/v1/whoami', undefined, behalf(marker))],
  [
    'mint',
    4,
    (key, marker) =>
      restRequest(key, 'POST', '/v1/keys', { scope_type: 'global', name: 'made' }, behalf(marker)),
  ],
];

/** Each asks again as soon as it is answered, on a connection that it keeps, until no new one can be had. */
export function startClients(port: number, key: string, cycle: number): Clients {
  const sent: Sent[] = [];
  let isStopped = false;
  const run = async ([kind, , request]: Kind, client: string) => {
    let count = 0;
    while (!isStopped) {
      const connection = await openConnection(port).catch(() => undefined);
      if (connection === undefined) return;
      for (let wasReused = false; connection.isOpen && !isStopped; wasReused = true) {
        count += 1;
        const marker = `${cycle} ${client} ${count}`;
        const outcome = await connection.send(request(key, marker));
        sent.push({ marker, kind, wasReused, outcome });
        // As a person or a model would: not all are busy all the time, so that some connections are idle.
        if (count % 3 === 0) await pause(3);
      }
      connection.close();
    }
  };
  const all = kinds.flatMap((kind) =>
    Array.from({ length: kind[1] }, (_, place) => run(kind, `${kind[0]} ${place}`)),
  );
  return {
    sent,
    ended: Promise.all(all),
    stop: () => {
      isStopped = true;
    },
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
