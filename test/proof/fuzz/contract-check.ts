import { contractCodes } from './contract-codes.ts';
import type { WireAnswer } from './read-answer.ts';

export type FuzzProtocol = 'mcp' | 'rest';

type Json = Readonly<Record<string, unknown>>;

const UUID_V7 = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
/** What only an exception, its stack or the machine would say. None of it is ever sent. */
const exceptionText =
  /\bat (?:\S+ \()?(?:file:|node:|\/)\S*:\d+|\n\s+at |SQLITE_|node_modules|node:internal|(?:Type|Range|Syntax|Reference|Zod|Sqlite)Error|\bfts5:|\bzod\b|syntax error|no such (?:column|table)/;
const nodeItself: ReadonlySet<number> = new Set([400, 408, 413, 431]);

export type ContractCheck = {
  /** How `answer` breaks the contract; undefined where it keeps it. */
  complaint(answer: WireAnswer, protocol: FuzzProtocol): string | undefined;
};

/** `unsayable` are secrets and paths of the machine, which no answer may hold. */
export const createContractCheck = (unsayable: readonly string[]): ContractCheck => ({
  complaint(answer, protocol) {
    const { status, headers, text } = answer;
    if (status >= 500 || status < 200) return `status ${status}: ${text.slice(0, 200)}`;
    if (exceptionText.test(text)) return `speaks of an exception: ${exceptionText.exec(text)?.[0]}`;
    if (unsayable.some((each) => text.includes(each))) return 'tells a secret or a path of the machine';
    // Node's answer to an expectation that is not 100-continue; it keeps the connection.
    if (status === 417 && text === '') return undefined;
    if (isBare(answer)) return nodeItself.has(status) ? undefined : `bare ${status}`;
    if (!UUID_V7.test(headers['x-request-id'] ?? '')) return `${status} without a request id`;
    if (!headers['cache-control']?.includes('no-store')) return `${status} may be kept by a cache`;
    return protocol === 'mcp' ? mcpComplaint(answer) : restComplaint(answer);
  },
});

/** The HTTP parser's own refusal, before anything of ours is asked. */
export const isBare = ({ status, headers, text }: WireAnswer): boolean =>
  status >= 400 && text === '' && headers['x-request-id'] === undefined && headers.connection === 'close';

/** The code that the answer carries, over either protocol; undefined where it is none of failure. */
export function codeIn(answer: WireAnswer): string | undefined {
  const message = messageIn(answer);
  const { error } = message ?? {};
  if (isRecord(error)) return String(isRecord(error.data) ? error.data.code : error.code);
  const failure = toolFailureIn(message);
  return failure === undefined ? undefined : String(failure.code);
}

/** What OAuth clients are told where they look for a sign-in; without a credential it owes no row. */
export function saysNoSignIn(answer: WireAnswer): boolean {
  const { error, error_description } = messageIn(answer) ?? {};
  return error === 'invalid_request' && String(error_description).startsWith('There is no sign-in here.');
}

/** The JSON of the answer, out of its event stream where it came in one: the last event. */
export function messageIn({ headers, text }: WireAnswer): Json | undefined {
  const isStream = headers['content-type']?.startsWith('text/event-stream') ?? false;
  const json = isStream ? [...text.matchAll(/^data: (.+)$/gm)].at(-1)?.[1] : text;
  try {
    const value: unknown = JSON.parse(json ?? '');
    return isRecord(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

function toolFailureIn(message: Json | undefined): Json | undefined {
  const result = message?.result;
  if (!isRecord(result) || result.isError !== true) return undefined;
  const meta = isRecord(result._meta) ? result._meta['tenantry/error'] : undefined;
  return isRecord(meta) ? meta : {};
}

function mcpComplaint(answer: WireAnswer): string | undefined {
  const { status, headers, text } = answer;
  // A notification is taken, and nothing is said.
  if (status === 202 && text === '') return undefined;
  const message = messageIn(answer);
  if (message?.jsonrpc !== '2.0' || !('id' in message))
    return `${status} is no JSON-RPC: ${text.slice(0, 200)}`;
  const { error, id } = message;
  if (id !== null && typeof id !== 'string' && typeof id !== 'number') return `id ${JSON.stringify(id)}`;
  if (error === undefined) return resultComplaint(answer, message);
  if (!isRecord(error) || !isRecord(error.data) || typeof error.message !== 'string')
    return 'no error object';
  const { code, request_id } = error.data;
  const [reportAs, meant, rpc] = contractCodes.get(String(code)) ?? [];
  if (reportAs === undefined) return `unknown code ${code}`;
  if (request_id !== headers['x-request-id']) return `${code} with another request id`;
  if (error.code !== rpc) return `${code} as ${error.code}`;
  if (status === meant || (reportAs === 'rpc' && status === 200)) return undefined;
  // The older eras say in bodies alone what is no method, and with HTTP's own status what a client will not accept.
  const isOfOlderEra =
    (status === 200 && code === 'METHOD_NOT_FOUND') || (status === 406 && code === 'INVALID_REQUEST');
  return isOfOlderEra ? undefined : `${code} with status ${status}`;
}

function resultComplaint({ status, headers }: WireAnswer, message: Json): string | undefined {
  if (status !== 200 || !isRecord(message.result)) return `a result with status ${status}`;
  const failure = toolFailureIn(message);
  if (failure === undefined) return undefined;
  if (contractCodes.get(String(failure.code))?.[0] !== 'tool') return `a tool's answer says ${failure.code}`;
  if ('structuredContent' in message.result) return `${failure.code} with structured content`;
  return failure.request_id === headers['x-request-id'] ? undefined : `${failure.code}: another request id`;
}

function restComplaint(answer: WireAnswer): string | undefined {
  const { status, headers, text } = answer;
  if (status === 204 && text === '') return undefined;
  const message = messageIn(answer);
  if (message === undefined) return `${status} is no JSON object: ${text.slice(0, 200)}`;
  if (status === 200 || status === 201) return 'error' in message ? `${status} with an error` : undefined;
  const { error } = message;
  if (saysNoSignIn(answer)) return status === 404 ? undefined : `no sign-in with status ${status}`;
  if (!isRecord(error)) return `${status} without an error`;
  if (typeof error.message !== 'string' || error.request_id !== headers['x-request-id'])
    return `${error.code} without its sentence or request id`;
  const meant = error.code === 'ORGANIZATION_REQUIRED' ? 400 : contractCodes.get(String(error.code))?.[1];
  return meant === status ? undefined : `${error.code} with status ${status}`;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
