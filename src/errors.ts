import type { Attribution } from './attribution.ts';
import type { OrganizationId } from './ids.ts';

/**
 * How MCP reports a code. `gate`: an HTTP status and a JSON-RPC error. `rpc`: HTTP 200 and a JSON-RPC error. `tool`:
 * HTTP 200 and a result with `isError: true`. REST always sends the status.
 */
type ReportAs = 'gate' | 'rpc' | 'tool';
type Row = readonly [reportAs: ReportAs, status: number, rpcCode: number, text: string];

/**
 * `rpcCode` is status × 100 + n, except where JSON-RPC or MCP defines the number
 * (https://www.jsonrpc.org/specification#error_object).
 */
const table = {
  AUTHENTICATION_REQUIRED: ['gate', 401, 40101, 'A credential is required.'],
  INVALID_TOKEN: ['gate', 401, 40102, 'The credential is not valid.'],
  MALFORMED_CREDENTIALS: ['gate', 400, 40001, 'Send exactly one well-formed credential.'],
  INVALID_ORGANIZATION_HEADER: [
    'gate',
    400,
    40002,
    'The organisation named by the request is not a valid id.',
  ],
  ORGANIZATION_MISMATCH: ['gate', 403, 40301, 'The credential cannot act for the organisation named.'],
  ORGANIZATION_REQUIRED: ['gate', 403, 40302, 'The credential serves several organisations; name one.'],
  ADMIN_TOKEN_NOT_ALLOWED: ['gate', 403, 40305, 'ADMIN_TOKEN manages organisations; it reaches no data.'],
  INSUFFICIENT_SCOPE: ['gate', 403, 40303, 'The credential lacks a scope that this needs.'],
  KEY_RESTRICTED: ['gate', 403, 40307, 'The key is restricted and may not be used for this.'],
  ORGANIZATION_SUSPENDED: ['gate', 403, 40304, 'The organisation is suspended.'],
  HOST_NOT_ALLOWED: ['gate', 403, 40306, 'The Host of the request is not allowed.'],
  ORIGIN_NOT_ALLOWED: ['gate', 403, 40306, 'The Origin of the request is not allowed.'],
  INVALID_HOST: ['gate', 400, 40003, 'The request needs exactly one well-formed Host.'],
  PARSE_ERROR: ['gate', 400, -32700, 'The body is not JSON.'],
  INVALID_REQUEST: ['gate', 400, -32600, 'The body is not one JSON-RPC request.'],
  BATCH_NOT_SUPPORTED: ['gate', 400, -32600, 'Send one request at a time.'],
  TOO_DEEP: ['gate', 400, -32600, 'The body is nested too deeply.'],
  METHOD_NOT_FOUND: ['gate', 404, -32601, 'There is no such method.'],
  METHOD_NOT_ALLOWED: ['gate', 405, 40501, 'The path does not answer this HTTP method.'],
  BODY_TOO_LARGE: ['gate', 413, 41301, 'The body is too large.'],
  UNSUPPORTED_MEDIA_TYPE: ['gate', 415, 41501, 'Send application/json without a content encoding.'],
  RATE_LIMITED: ['gate', 429, 42901, 'Too many requests; try again later.'],
  STORE_UNAVAILABLE: ['gate', 503, 50301, 'The store cannot answer; try again.'],
  STORE_BUSY: ['gate', 503, 50302, 'The store is busy; try again.'],
  OVERLOADED: ['gate', 503, 50303, 'The server is overloaded; try again.'],
  SHUTTING_DOWN: ['gate', 503, 50304, 'The server is shutting down; try again.'],
  CANCELLED: ['gate', 499, 49901, 'The caller went away.'],
  INTERNAL: ['gate', 500, -32603, 'Something went wrong.'],

  ORGANIZATION_IN_ARGUMENTS: [
    'rpc',
    400,
    -32602,
    'Arguments never name the organisation; the credential does.',
  ],
  INVALID_CURSOR: ['rpc', 400, -32602, 'The cursor is not valid.'],
  RESOURCE_NOT_FOUND: ['rpc', 404, -32602, 'There is no such resource.'],
  UNKNOWN_TOOL: ['rpc', 404, -32602, 'There is no such tool.'],

  VALIDATION_ERROR: ['tool', 400, 40010, 'The arguments are not valid.'],
  SCOPE_REQUIRED: ['tool', 400, 40011, 'Say which kind of key: scope_type is required.'],
  SCOPE_ESCALATION: ['tool', 403, 40313, 'Nobody grants a scope that they do not hold.'],
  INVALID_USER: ['tool', 400, 40012, 'The user is not an active member of the organisation.'],
  GLOBAL_KEY_ADMIN_ONLY: ['tool', 403, 40310, 'Only an admin may mint a global key.'],
  HOST_KEY_OPERATOR_ONLY: ['tool', 403, 40311, 'Only the operator may mint a host key.'],
  FORBIDDEN: ['tool', 403, 40312, 'The caller may not do this.'],
  NOT_FOUND: ['tool', 404, 40401, 'Not found.'],
  KEY_NOT_FOUND: ['tool', 404, 40402, 'The organisation has no such key.'],
  ROTATION_IN_PROGRESS: ['tool', 409, 40901, 'A rotation of the key is under way.'],
  KEY_NOT_ROTATABLE: ['tool', 409, 40902, 'A revoked or expired key cannot be rotated.'],
  SCOPES_WOULD_DROP: ['tool', 409, 40903, 'The replacement would lack scopes that the key has.'],
  KEY_LIMIT_REACHED: ['tool', 409, 40904, 'The organisation has as many live keys as it may.'],
  BOOTSTRAP_CLOSED: ['tool', 409, 40905, 'The store has its first key already.'],
  DOWNSTREAM_NOT_CONFIGURED: ['tool', 403, 40314, 'The platform is not set up for the organisation.'],
  TENANT_MISMATCH: ['tool', 502, 50201, 'The platform answered for another organisation; nothing is shown.'],
  DOWNSTREAM_FAILED: ['tool', 502, 50202, 'The platform did not give a usable answer.'],
  DOWNSTREAM_TIMEOUT: ['tool', 504, 50401, 'The platform did not answer in time.'],
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof table;

/** Every code, in the order of the table. */
export const errorCodes = Object.keys(table) as readonly ErrorCode[]; // The keys of the table are its codes.

/** `detail` (why a credential was refused), `attribution` and `attempted` go to the audit, never to the caller. */
type AppErrorOptions = {
  readonly message?: string;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly detail?: Readonly<Record<string, unknown>>;
  /** The refused identity, as far as it is known. */
  readonly attribution?: Attribution;
  /** The organisation that the request named but its credential may not use. */
  readonly attempted?: OrganizationId;
  readonly cause?: unknown;
  /** Overrides the HTTP status of the table. */
  readonly status?: number;
};

/** The only error whose text reaches callers. Anything else thrown is a bug and is answered as `INTERNAL`. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly data: Readonly<Record<string, unknown>>;
  readonly detail: Readonly<Record<string, unknown>> | undefined;
  readonly attribution: Attribution | undefined;
  readonly attempted: OrganizationId | undefined;
  readonly status: number;

  constructor(code: ErrorCode, options: AppErrorOptions = {}) {
    // A refusal is an answer, not a bug: nobody reads its stack, and collecting one would make refusals slow.
    const usual = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    super(options.message ?? table[code][3], { cause: options.cause });
    Error.stackTraceLimit = usual;
    this.name = 'AppError';
    this.code = code;
    this.data = options.data ?? {};
    this.detail = options.detail;
    this.attribution = options.attribution;
    this.attempted = options.attempted;
    this.status = options.status ?? table[code][1];
  }

  get reportAs(): ReportAs {
    return table[this.code][0];
  }
  get rpcCode(): number {
    return table[this.code][2];
  }
}

/** `thrown` itself when it is an AppError, else `INTERNAL` without any of its text. */
export function toAppError(thrown: unknown): AppError {
  return thrown instanceof AppError ? thrown : new AppError('INTERNAL', { cause: thrown });
}
