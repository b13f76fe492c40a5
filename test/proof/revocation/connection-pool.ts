import { type Family, whenNotBusy } from '../support/family.ts';
import { type Choices, choices } from '../support/seed.ts';
import { mcpRequest, restRequest } from '../support/wire-requests.ts';
import { type Caller, type Line, openLine, type Seen } from './watch-change.ts';

export const faces = ['fast lane', 'engine', 'REST'] as const;
type Face = (typeof faces)[number];

/** What is asked on every face: a tool and its route. */
export type Question = { readonly tool: string; readonly route: string };
const whoami: Question = { tool: 'whoami', route: '/v1/whoami' };

/** Connections to every process for every face, used for one key after the other; and one to manage through. */
export type Desk = {
  readonly callers: (key: string, question?: Question) => readonly Caller[];
  readonly managers: readonly [Line, ...Line[]];
  readonly choices: Choices;
};

/** Of a server with workers there is one port, behind which connections are dealt out in turn. */
export async function openDesk({ ports }: Pick<Family, 'ports'>, connectionsEach = 1): Promise<Desk> {
  const places = ports.flatMap((port, place) =>
    Array.from({ length: connectionsEach }, () => ({ port, name: `process ${place}` })),
  );
  const lines = await Promise.all(
    places.flatMap(({ port, name }) =>
      faces.map(async (face) => ({ face, line: await openLine(port, `${name}, ${face}`) })),
    ),
  );
  const [first, ...more] = await Promise.all(places.map(({ port, name }) => openLine(port, name)));
  if (first === undefined) throw new Error('a desk needs a process to manage through');
  return {
    callers: (key, question = whoami) =>
      lines.map(({ face, line }) => ({ line, request: asked(face, key, question) })),
    managers: [first, ...more],
    choices: choices(),
  };
}

function asked(face: Face, key: string, { tool, route }: Question): Buffer {
  if (face === 'REST') return restRequest(key, 'GET', route);
  return mcpRequest(key, { name: tool, lane: face === 'engine' ? 'engine' : 'fast' });
}

export type MintedKey = { readonly id: string; readonly plaintext: string };

/** On whatever process. */
export async function mintKeys(desk: Desk, manager: string, count: number): Promise<readonly MintedKey[]> {
  const minted: MintedKey[] = [];
  while (minted.length < count) {
    const body = { scope_type: 'global', name: 'to be revoked' };
    const { body: text } = await manage(desk, restRequest(manager, 'POST', '/v1/keys', body));
    const { key, auth_token } = JSON.parse(text);
    minted.push({ id: key.id, plaintext: auth_token });
  }
  return minted;
}

/** Through REST or MCP, on whatever process; answers `revoked_at` as the acknowledgement tells it. */
export async function revokeKey(desk: Desk, manager: string, keyId: string): Promise<number> {
  const request = desk.choices.of([
    restRequest(manager, 'DELETE', `/v1/keys/${keyId}`),
    mcpRequest(manager, { name: 'revoke_key', arguments: { key_id: keyId } }),
  ]);
  const { body } = await manage(desk, request);
  const [, revokedAt] = /"revoked_at":"([^"]+)"/.exec(body) ?? [];
  if (revokedAt === undefined) throw new Error(`not revoked: ${body}`);
  return Date.parse(revokedAt);
}

async function manage({ managers, choices: { of } }: Desk, request: Buffer) {
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
