import type { IncomingHttpHeaders } from 'node:http';
import {
  CLIENT_CAPABILITIES_META_KEY,
  CLIENT_INFO_META_KEY,
  LOG_LEVEL_META_KEY,
  PROTOCOL_VERSION_META_KEY,
  RELATED_TASK_META_KEY,
  SUPPORTED_PROTOCOL_VERSIONS,
} from '@modelcontextprotocol/server';
import type { Era } from '../../audit/audit-event.ts';
import { isRecord } from '../../json.ts';
import type { RpcMessage } from './mcp-gate.ts';

const MODERN = '2026-07-28';
const messageNames = new Set(['jsonrpc', 'id', 'method', 'params']);
const paramNames: Readonly<Record<string, ReadonlySet<string>>> = {
  'tools/call': new Set(['name', 'arguments', '_meta']),
  'tools/list': new Set(['_meta']),
};

/**
 * The era in which the SDK would find the request valid in every part, on a message that passed the gate.
 * Undefined if only the SDK can tell: an unusual message is not checked twice.
 */
export function detectEra(message: RpcMessage, headers: IncomingHttpHeaders): Era | undefined {
  const { id, method, params = {} } = message;
  const known = Object.hasOwn(paramNames, method) ? paramNames[method] : undefined;
  if (id === undefined || known === undefined) return undefined;
  if (!hasOnly(message, messageNames) || !hasOnly(params, known)) return undefined;
  const { _meta: meta = {} } = params;
  if (!isRecord(meta) || !isProgressToken(meta.progressToken) || RELATED_TASK_META_KEY in meta)
    return undefined;
  if (!(PROTOCOL_VERSION_META_KEY in meta)) return isProven2025(headers) ? '2025' : undefined;
  return isProven2026(method, params.name, meta, headers) ? '2026' : undefined;
}

/** The older eras hold the client to what it accepts; a version that it does not name is taken as the oldest. */
function isProven2025(headers: IncomingHttpHeaders): boolean {
  const { accept = '', 'mcp-protocol-version': version } = headers;
  return (
    accept.includes('application/json') &&
    accept.includes('text/event-stream') &&
    (version === undefined || SUPPORTED_PROTOCOL_VERSIONS.includes(String(version)))
  );
}

/** Headers and body must say the same, each exactly once. */
function isProven2026(
  method: string,
  name: unknown,
  meta: Record<string, unknown>,
  headers: IncomingHttpHeaders,
): boolean {
  return (
    meta[PROTOCOL_VERSION_META_KEY] === MODERN &&
    headers['mcp-protocol-version'] === MODERN &&
    headers['mcp-method'] === method &&
    (method !== 'tools/call' || headers['mcp-name'] === name) &&
    !(LOG_LEVEL_META_KEY in meta) &&
    isClient(meta[CLIENT_INFO_META_KEY]) &&
    isCapabilities(meta[CLIENT_CAPABILITIES_META_KEY])
  );
}

const hasOnly = (value: object, names: ReadonlySet<string>): boolean =>
  Object.keys(value).every((name) => names.has(name));

const isProgressToken = (token: unknown): boolean =>
  token === undefined || typeof token === 'string' || Number.isSafeInteger(token);

const clientNames = new Set(['name', 'version', 'title', 'description', 'websiteUrl']);

function isClient(client: unknown): boolean {
  if (client === undefined) return true;
  if (!isRecord(client) || client.name === undefined || client.version === undefined) return false;
  return hasOnly(client, clientNames) && Object.values(client).every((text) => typeof text === 'string');
}

const isRecordOfRecords = (value: unknown): boolean =>
  isRecord(value) && Object.values(value).every(isRecord);

const isEmpty = (value: unknown): boolean => isRecord(value) && Object.keys(value).length === 0;
const mayHave = (names: readonly string[], check: (value: unknown) => boolean) => (value: unknown) =>
  isRecord(value) && Object.entries(value).every(([name, inner]) => names.includes(name) && check(inner));

/** What a client may be able to do, each with the forms of it that hosts send. */
const capabilities: ReadonlyMap<string, (value: unknown) => boolean> = new Map([
  ['roots', mayHave(['listChanged'], (value) => typeof value === 'boolean')],
  ['sampling', mayHave(['context', 'tools'], isRecord)],
  ['elicitation', mayHave(['form', 'url'], isEmpty)],
  ['experimental', isRecordOfRecords],
  ['extensions', isRecordOfRecords],
]);

const isCapabilities = (value: unknown): boolean =>
  isRecord(value) && Object.entries(value).every(([name, inner]) => capabilities.get(name)?.(inner) ?? false);
