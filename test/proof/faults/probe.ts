import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { refusalIn } from '../../support/refusal.ts';

/** A server under test, in this process or in one of its own. */
export type Subject = {
  readonly url: string;
  readonly dataDir: string;
  readonly defaultKey: string;
  readonly managerKey: string;
};

/** One answer, as its caller saw it. */
export type Seen = {
  readonly what: string;
  readonly status: number;
  readonly code: string | null;
  readonly tookMs: number;
  readonly answer: JsonAnswer;
};

export const probes = {
  'search on MCP': ({ url, defaultKey }) => callTool(url, defaultKey, 'search_agents', { query: 'nurse' }),
  'search on REST': ({ url, defaultKey }) =>
    requestJson(`${url}/v1/agents/search?limit=3`, { key: defaultKey }),
  'whoami on REST': ({ url, managerKey }) => requestJson(`${url}/v1/whoami`, { key: managerKey }),
  'list keys': ({ url, managerKey }) => requestJson(`${url}/v1/keys?limit=3`, { key: managerKey }),
  mint: ({ url, managerKey }) =>
    requestJson(`${url}/v1/keys`, {
      key: managerKey,
      body: { scope_type: 'global', name: 'minted amid faults', expires_in_days: 7 },
    }),
  'unknown key': ({ url }) => callTool(url, createKeyFormat('tnt').generate().plaintext, 'whoami'),
} as const satisfies Record<string, (subject: Subject) => Promise<JsonAnswer>>;

export type ProbeName = keyof typeof probes;

export const knownProbes: readonly ProbeName[] = [
  'search on MCP',
  'mint',
  'search on REST',
  'whoami on REST',
  'list keys',
];

export const probe = (what: ProbeName, subject: Subject): Promise<Seen> =>
  timed(what, () => probes[what](subject));

export async function timed(what: string, send: () => Promise<JsonAnswer>): Promise<Seen> {
  const startedMs = performance.now();
  const answer = await send().catch(lost);
  const tookMs = performance.now() - startedMs;
  return { what, status: answer.status, code: refusalIn(answer)?.code ?? null, tookMs, answer };
}

/** No answer at all counts as status 0, so that it is checked and not thrown. */
const lost = (thrown: unknown): JsonAnswer => ({
  status: 0,
  headers: new Headers(),
  text: String(thrown),
  body: undefined,
});

/** Words that only an exception, an SQL text or a path of the machine would bring into an answer. */
const inner =
  /sqlite|\btenantry\.db|\.db-wal|enoent|eacces|eperm|enospc|econn|errno|constraint|disk i\/o|malformed|stack|at [\w.]+ \(|node:|\/tmp\/|\/home\/|\/src\/|\.ts\b/i;

export const leakIn = ({ what, status, answer }: Seen): string[] => {
  const found = status === 0 ? null : inner.exec(answer.text);
  return found === null ? [] : [`${what}: the answer shows "${found[0]}"`];
};
