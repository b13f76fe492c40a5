import { type Outcome, openConnection } from '../support/kept-connection.ts';
import { mcpRequest, restRequest } from '../support/wire-requests.ts';

/** One request that a client sent, and what it knows of it. */
export type Sent = {
  /**
   * A traceparent (https://www.w3.org/TR/trace-context/): the audit has it as `on_behalf_of`, and the platform is
   * told it too, so that a request that nobody answered is found wherever it came to.
   */
  readonly marker: string;
  readonly kind: string;
  readonly wasReused: boolean;
  readonly outcome: Outcome;
};

export type Clients = {
  readonly sent: readonly Sent[];
  /** Resolves when nothing listens any more and each has its last answer. */
  readonly ended: Promise<unknown>;
};

type Kind = readonly [name: string, count: number, request: (key: string, marker: string) => Buffer];

const traced = (marker: string) => ({ traceparent: marker });
const hex = (value: number, digits: number) => value.toString(16).padStart(digits, '0');

/** What forty clients do. The searches go to a platform that takes its time. */
const kinds: readonly Kind[] = [
  ['slow MCP', 10, (key, marker) => mcpRequest(key, { name: 'search_agents', headers: traced(marker) })],
  [
    'slow SDK',
    6,
    (key, marker) => mcpRequest(key, { name: 'search_agents', lane: 'sdk', headers: traced(marker) }),
  ],
  ['slow REST', 6, (key, marker) => restRequest(key, 'GET', '/v1/agents/search', undefined, traced(marker))],
  ['MCP', 6, (key, marker) => mcpRequest(key, { name: 'whoami', headers: traced(marker) })],
  ['REST', 8, (key, marker) => restRequest(key, 'GET', '/v1/whoami', undefined, traced(marker))],
  [
    'mint',
    4,
    (key, marker) =>
      restRequest(key, 'POST', '/v1/keys', { scope_type: 'global', name: 'made' }, traced(marker)),
  ],
];

/** Each asks again as soon as it is answered, on a connection that it keeps, until no new one can be had. */
export function startClients(port: number, key: string, cycle: number): Clients {
  const sent: Sent[] = [];
  const run = async ([kind, , request]: Kind, client: number) => {
    let count = 0;
    for (;;) {
      const connection = await openConnection(port).catch(() => undefined);
      if (connection === undefined) return;
      for (let wasReused = false; connection.isOpen; wasReused = true) {
        count += 1;
        const marker = `00-${hex(cycle + 1, 16)}${hex(count, 16)}-${hex(client + 1, 16)}-01`;
        const outcome = await connection.send(request(key, marker));
        sent.push({ marker, kind, wasReused, outcome });
        // As a person or a model would: not all are busy all the time, so that some connections are idle.
        if (count % 3 === 0) await pause(3);
      }
      connection.close();
    }
  };
  const all = kinds.flatMap((kind) => Array.from({ length: kind[1] }, () => kind)).map(run);
  return { sent, ended: Promise.all(all) };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
