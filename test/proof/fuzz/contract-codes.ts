/**
 * How the contract (section 10) has each code: HTTP status, JSON-RPC number, and how it is reported on MCP.
 * Written by hand, so that the program's own table is checked too.
 */
type ReportAs = 'gate' | 'rpc' | 'tool';
export type CodeOfContract = readonly [reportAs: ReportAs, status: number, rpc: number];

export const contractCodes: ReadonlyMap<string, CodeOfContract> = new Map<string, CodeOfContract>([
  ['AUTHENTICATION_REQUIRED', ['gate', 401, 40101]],
  ['INVALID_TOKEN', ['gate', 401, 40102]],
  ['MALFORMED_CREDENTIALS', ['gate', 400, 40001]],
  ['INVALID_ORGANIZATION_HEADER', ['gate', 400, 40002]],
  ['INVALID_HOST', ['gate', 400, 40003]],
  ['ORGANIZATION_MISMATCH', ['gate', 403, 40301]],
  ['ORGANIZATION_REQUIRED', ['gate', 403, 40302]],
  ['INSUFFICIENT_SCOPE', ['gate', 403, 40303]],
  ['ORGANIZATION_SUSPENDED', ['gate', 403, 40304]],
  ['ADMIN_TOKEN_NOT_ALLOWED', ['gate', 403, 40305]],
  ['HOST_NOT_ALLOWED', ['gate', 403, 40306]],
  ['ORIGIN_NOT_ALLOWED', ['gate', 403, 40306]],
  ['KEY_RESTRICTED', ['gate', 403, 40307]],
  ['PARSE_ERROR', ['gate', 400, -32700]],
  ['INVALID_REQUEST', ['gate', 400, -32600]],
  ['BATCH_NOT_SUPPORTED', ['gate', 400, -32600]],
  ['TOO_DEEP', ['gate', 400, -32600]],
  ['HEADER_MISMATCH', ['gate', 400, -32020]],
  ['MISSING_CLIENT_CAPABILITY', ['gate', 400, -32021]],
  ['UNSUPPORTED_PROTOCOL_VERSION', ['gate', 400, -32022]],
  ['METHOD_NOT_FOUND', ['gate', 404, -32601]],
  ['METHOD_NOT_ALLOWED', ['gate', 405, 40501]],
  ['BODY_TOO_LARGE', ['gate', 413, 41301]],
  ['UNSUPPORTED_MEDIA_TYPE', ['gate', 415, 41501]],
  ['INVALID_PARAMS', ['rpc', 400, -32602]],
  ['ORGANIZATION_IN_ARGUMENTS', ['rpc', 400, -32602]],
  ['INVALID_CURSOR', ['rpc', 400, -32602]],
  ['UNKNOWN_TOOL', ['rpc', 404, -32602]],
  ['RESOURCE_NOT_FOUND', ['rpc', 404, -32602]],
  ['VALIDATION_ERROR', ['tool', 400, 40010]],
  ['SCOPE_REQUIRED', ['tool', 400, 40011]],
  ['INVALID_USER', ['tool', 400, 40012]],
  ['GLOBAL_KEY_ADMIN_ONLY', ['tool', 403, 40310]],
  ['HOST_KEY_OPERATOR_ONLY', ['tool', 403, 40311]],
  ['FORBIDDEN', ['tool', 403, 40312]],
  ['SCOPE_ESCALATION', ['tool', 403, 40313]],
  ['NOT_FOUND', ['tool', 404, 40401]],
  ['KEY_NOT_FOUND', ['tool', 404, 40402]],
  ['ROTATION_IN_PROGRESS', ['tool', 409, 40901]],
  ['KEY_NOT_ROTATABLE', ['tool', 409, 40902]],
  ['SCOPES_WOULD_DROP', ['tool', 409, 40903]],
  ['KEY_LIMIT_REACHED', ['tool', 409, 40904]],
  ['BOOTSTRAP_CLOSED', ['tool', 409, 40905]],
]);

/** Codes that are given before a request owns an audit slot. */
export const beforeTheSlot: ReadonlySet<string> = new Set([
  'INVALID_HOST',
  'HOST_NOT_ALLOWED',
  'ORIGIN_NOT_ALLOWED',
  'METHOD_NOT_ALLOWED',
]);
