import { type KeepAlive, mcpCall, type Received, restCall } from './keep-alive.ts';
import { codeIn } from './match-rows.ts';
import { oneOf, type Random } from './random.ts';

/** A mutation that the server acknowledged. */
export type Act = {
  readonly kind: 'mint' | 'rotate' | 'revoke';
  readonly requestId: string;
  /** The key that was made, replaced or revoked. */
  readonly keyId: string;
  /** Of a rotation: the key that came in its place. */
  readonly replacement?: string;
};

/** What was promised, written down in the order in which the answers came. */
export type Book = {
  readonly acts: Act[];
  /** Request ids of calls that changed nothing, and were answered. */
  readonly reads: string[];
  /** Plaintexts of the keys that were shown, by id. */
  readonly plaintexts: Map<string, string>;
  /** Keys of which something was asked that was not answered, so that it may or may not have been done. */
  readonly unsettled: Set<string>;
  /** Answers that no promise allows. */
  readonly surprises: string[];
};

export const newBook = (): Book => ({
  acts: [],
  reads: [],
  plaintexts: new Map(),
  unsettled: new Set(),
  surprises: [],
});

/** Mints, rotates and revokes keys of its own, over both protocols, until `isOver` or the server is gone. */
export async function mutate(
  client: KeepAlive,
  manager: string,
  book: Book,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  // The keys of a rotation are not rotated again while it is open, only revoked.
  const fresh: string[] = [];
  const rotated: string[] = [];
  while (!isOver()) {
    const kind = fresh.length < 2 ? 'mint' : oneOf(random, ['mint', 'rotate', 'revoke'] as const);
    const from = kind === 'revoke' && rotated.length > 0 ? rotated : fresh;
    const keyId = kind === 'mint' ? '' : oneOf(random, from);
    if (kind !== 'mint') from.splice(from.indexOf(keyId), 1);
    book.unsettled.add(keyId);
    const answer = await client.send(requestFor(kind, keyId, manager, random));
    book.unsettled.delete(keyId);
    const made = noteAct(book, kind, keyId, answer);
    if (made === undefined) continue;
    if (kind === 'mint') fresh.push(made);
    else rotated.push(keyId, made);
  }
}

function requestFor(kind: Act['kind'], keyId: string, manager: string, random: Random) {
  const isMcp = random() < 0.5;
  if (kind === 'mint') {
    const wanted = { scope_type: 'global', name: 'a key of the proof' };
    return isMcp ? mcpCall('mint_key', manager, wanted) : restCall('POST', '/v1/keys', manager, wanted);
  }
  if (kind === 'rotate') {
    if (isMcp) return mcpCall('rotate_key', manager, { key_id: keyId });
    return restCall('POST', `/v1/keys/${keyId}/rotate`, manager, {});
  }
  if (isMcp) return mcpCall('revoke_key', manager, { key_id: keyId });
  return restCall('DELETE', `/v1/keys/${keyId}`, manager);
}

/** Answers the id of the key that was made, if one was. */
function noteAct(book: Book, kind: Act['kind'], keyId: string, answer: Received): string | undefined {
  const { status, requestId, body } = answer;
  const output = body?.result?.structuredContent ?? body;
  const shown = output?.key?.id;
  if (status >= 300 || typeof shown !== 'string') {
    // Busy is an answer too: nothing was done, and nothing was promised.
    const code = codeIn(answer);
    if (code !== 'STORE_BUSY') book.surprises.push(`${kind} ${keyId}: ${status} ${code}`);
    return undefined;
  }
  if (kind === 'revoke') {
    book.acts.push({ kind, requestId, keyId });
    return undefined;
  }
  book.plaintexts.set(shown, output.auth_token);
  book.acts.push(
    kind === 'mint' ? { kind, requestId, keyId: shown } : { kind, requestId, keyId, replacement: shown },
  );
  return shown;
}

/** Calls tools that change nothing, over both protocols, until `isOver` or the server is gone. */
export async function read(
  client: KeepAlive,
  key: string,
  book: Book,
  random: Random,
  isOver: () => boolean,
): Promise<void> {
  while (!isOver()) {
    const asked = oneOf(random, [
      mcpCall('whoami', key),
      mcpCall('search_agents', key, { query: 'nurse' }),
      restCall('GET', '/v1/whoami', key),
      restCall('GET', '/v1/agents/agt_absent', key),
      // Refused before the tool, and promised a row all the same.
      mcpCall('mint_key', key, { scope_type: 'global' }),
    ]);
    const { status, requestId } = await client.send(asked);
    if (status >= 500) book.surprises.push(`${asked.path}: ${status}`);
    book.reads.push(requestId);
  }
}
