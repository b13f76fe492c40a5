import { isRecord, parseJson } from '../../json.ts';
import { redactKeys } from '../../secrets/key-pattern.ts';
import { printable } from '../../secrets/printable.ts';

/** Why a request to a running server failed, as far as it can be told from outside. */
export type RemoteFailure = {
  /** Tenantry's own code, a network error's code such as `ECONNREFUSED`, or null. */
  readonly code: string | null;
  /** The HTTP status of a refusal, else null. */
  readonly status: number | null;
  readonly message: string;
  readonly requestId: string | null;
};

type Fetch = (url: string | URL, init?: RequestInit) => Promise<Response>;

/** A fetch that remembers how the server refused: the clients' own errors keep little of it. */
export type ObservedFetch = { readonly fetch: Fetch; lastRefusal(): RemoteFailure | undefined };

export function observeRefusals(fetchRemote: Fetch): ObservedFetch {
  let refusal: RemoteFailure | undefined;
  return {
    async fetch(url, init) {
      const response = await fetchRemote(url, init);
      // A client also tries GET, for a stream that servers need not offer.
      if (init?.method === 'POST') {
        refusal = response.ok ? undefined : await refusalOf(response.clone());
      }
      return response;
    },
    lastRefusal: () => refusal,
  };
}

/** What an answer that is no success says, on MCP, on REST or at /readyz. */
export async function refusalOf(response: Response): Promise<RemoteFailure> {
  const { status } = response;
  const location = response.headers.get('location');
  if (location !== null && status < 400) {
    return { code: null, status, message: safe(`redirected to ${location}`), requestId: null };
  }
  const parsed = parseJson(await response.text());
  const body = isRecord(parsed) ? parsed : {};
  const error = isRecord(body.error) ? body.error : body;
  const data = isRecord(error.data) ? error.data : error;
  return failureFrom(data, textOf(error.message) ?? textOf(body.status) ?? `HTTP ${status}`, status);
}

/** What a client threw; the refusal that its request met, if any, says more than the error. */
export function failureOf(thrown: unknown, refusal: RemoteFailure | undefined): RemoteFailure {
  if (refusal !== undefined) return refusal;
  const data = isRecord(thrown) && isRecord(thrown.data) ? thrown.data : {};
  const deepest = deepestCause(thrown);
  const text = deepest instanceof Error ? deepest.message : String(deepest);
  const failure = failureFrom(data, text.replace(/^MCP error -?\d+: /, ''), null);
  return { ...failure, code: failure.code ?? networkCode(deepest) };
}

/** `CODE: sentence (request …)` */
export function failureLine({ code, message, requestId }: RemoteFailure): string {
  const named = code === null || message.startsWith(`${code}:`) ? message : `${code}: ${message}`;
  return requestId === null ? named : `${named} (request ${requestId})`;
}

/** The failure in a tool's own answer, where it is one. */
export function toolFailureOf(result: unknown): RemoteFailure | undefined {
  if (!isRecord(result) || result.isError !== true) return undefined;
  const meta = isRecord(result._meta) ? result._meta['tenantry/error'] : undefined;
  const shown = isRecord(meta) ? meta : {};
  const [first] = Array.isArray(result.content) ? result.content : [];
  const text = isRecord(first) ? textOf(first.text) : null;
  return failureFrom(shown, text ?? 'the tool failed', null);
}

/** `data` is what goes with every error of Tenantry's; a missing scope is named there. */
function failureFrom(data: Record<string, unknown>, message: string, status: number | null): RemoteFailure {
  const unnamed = Array.isArray(data.required)
    ? data.required.filter((scope) => !message.includes(scope))
    : [];
  const required = unnamed.length === 0 ? '' : ` Needed: ${unnamed.join(', ')}.`;
  return {
    code: textOf(data.code),
    status,
    message: safe(message + required),
    requestId: textOf(data.request_id),
  };
}

/** `fetch failed` says nothing; the error below it says what the network did. */
function deepestCause(thrown: unknown): unknown {
  let error = thrown;
  for (let depth = 0; depth < 8; depth += 1) {
    if (!(error instanceof Error)) return error;
    const below = error.cause ?? (error instanceof AggregateError ? error.errors[0] : undefined);
    if (below === undefined) return error;
    error = below;
  }
  return error;
}

function networkCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null;
  if (error.name === 'TimeoutError') return 'ETIMEDOUT';
  return 'code' in error ? textOf(error.code) : null;
}

/** Whether the server took the request up and answered with an error: its address and the key are in order. */
export const isAnswer = (thrown: unknown): boolean => isRecord(thrown) && typeof thrown.code === 'number';

export const safe = (text: string): string => printable(redactKeys(text)).slice(0, 500);

const textOf = (value: unknown): string | null =>
  typeof value === 'string' && value !== '' ? safe(value) : null;
