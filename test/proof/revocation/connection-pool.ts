import { type Fleet, whenNotBusy } from '../support/fleet.ts';
import { type Choices, choices } from '../support/seed.ts';
import { mcpRequest, restRequest } from '../support/wire-requests.ts';
import { type Caller, type Line, openLine, type Seen } from './watch-change.ts';

export const ways = ['fast lane', 'SDK', 'REST'] as const;
type Way = (typeof ways)[number];

/** What is asked in every way: a tool and its route. */
export type Question = { readonly tool: string; readonly route: string };
const whoami: Question = { tool: 'whoami', route: '/v1/whoami' };

/** Connections to every process for every way, used for one key after the other; and one to manage through. */
export type ConnectionPool = {
  readonly callers: (key: string, question?: Question) => readonly Caller[];
  readonly managers: readonly [Line, ...Line[]];
  readonly choices: Choices;
};

/** Of a server with workers there is one port, behind which connections are dealt out in turn. */
export async function openPool(
  { ports }: Pick<Fleet, 'ports'>,
  connectionsEach = 1,
): Promise<ConnectionPool> {
  const places = ports.flatMap((port, index) =>
    Array.from({ length: connectionsEach }, () => ({ port, name: `process ${index}` })),
  );
  const lines = await Promise.all(
    places.flatMap(({ port, name }) =>
      ways.map(async (way) => ({ way, line: await openLine(port, `${name}, ${way}`) })),
    ),
  );
  const [first, ...more] = await Promise.all(places.map(({ port, name }) => openLine(port, name)));
  if (first === undefined) throw new Error('a pool needs a process to manage through');
  return {
    callers: (key, question = whoami) =>
      lines.map(({ way, line }) => ({ line, request: asked(way, key, question) })),
    managers: [first, ...more],
    choices: choices(),
  };
}

function asked(way: Way, key: string, { tool, route }: Question): Buffer {
  if (way === 'REST') return restRequest(key, 'GET', route);
  return mcpRequest(key, { name: tool, lane: way === 'SDK' ? 'sdk' : 'fast' });
}

export type MintedKey = { readonly id: string; readonly plaintext: string };

/** On any process. */
export async function mintKeys(
  pool: ConnectionPool,
  manager: string,
  count: number,
): Promise<readonly MintedKey[]> {
  const minted: MintedKey[] = [];
  while (minted.length < count) {
    const body = { scope_type: 'global', name: 'to be revoked' };
    const { body: text } = await manage(pool, restRequest(manager, 'POST', '/v1/keys', body));
    const { key, auth_token } = JSON.parse(text);
    minted.push({ id: key.id, plaintext: auth_token });
  }
  return minted;
}

/** Through REST or MCP, on any process; answers `revoked_at` as the acknowledgement tells it. */
export async function revokeKey(pool: ConnectionPool, manager: string, keyId: string): Promise<number> {
  const request = pool.choices.of([
    restRequest(manager, 'DELETE', `/v1/keys/${keyId}`),
    mcpRequest(manager, { name: 'revoke_key', arguments: { key_id: keyId } }),
  ]);
  const { body } = await manage(pool, request);
  const [, revokedAt] = /"revoked_at":"([^"]+)"/.exec(body) ?? [];
  if (revokedAt === undefined) throw new Error(`not revoked: ${body}`);
  return Date.parse(revokedAt);
}

async function manage({ managers, choices: { of } }: ConnectionPool, request: Buffer) {
  const line = of(managers);
  const answer = await whenNotBusy(() => line.send(request));
  if (answer.status >= 300) throw new Error(`${line.place}: ${answer.status} ${answer.body}`);
  return answer;
}

/** What many changes came to; a hopeless run ends early. */
export function tally() {
  const failures: string[] = [];
  const [sinceCommit, sinceAcknowledged, all]: [number[], number[], number[]] = [[], [], []];
  let busy = 0;
  return {
    failures,
    get isHopeless() {
      return failures.length >= 100;
    },
    add(seen: Seen, committedAt: number, name: string) {
      failures.push(...seen.failures.map((failure) => `${name}: ${failure}`));
      busy += seen.busy;
      if (seen.failures.length > 0) return;
      sinceCommit.push(seen.firstDenialAt - committedAt);
      sinceAcknowledged.push(Math.max(0, seen.firstDenialAt - seen.acknowledgedAt));
      all.push(Math.max(0, seen.lastDenialAt - seen.acknowledgedAt));
    },
    get trials() {
      return sinceCommit.length + failures.length;
    },
    get times() {
      return { sinceCommit, sinceAcknowledged, all, busy };
    },
  };
}
