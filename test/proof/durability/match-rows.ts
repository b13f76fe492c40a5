import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import type { MixedCall } from './call-mix.ts';
import type { Received } from './keep-alive.ts';

export type AnsweredCall = Pick<MixedCall, 'protocol' | 'prefix' | 'organizationId'> &
  Pick<Received, 'status' | 'requestId'> & {
    /** The code of a refusal; null where there was none. */
    readonly code: string | null;
    readonly path: string;
  };

/** The code that an answer bears, over either protocol. */
export function codeIn({ body }: Received): string | null {
  const code =
    body?.error?.data?.code ?? body?.error?.code ?? body?.result?._meta?.['tenantry/error']?.code ?? null;
  return typeof code === 'string' ? code : null;
}

/** Where the rows that a run left are not exactly the calls that were answered. */
export function mismatches(calls: readonly AnsweredCall[], events: readonly AuditEvent[]): string[] {
  const rows = new Map<string, AuditEvent[]>();
  for (const event of events.filter(({ kind }) => kind === 'call')) {
    const known = rows.get(event.requestId);
    if (known === undefined) rows.set(event.requestId, [event]);
    else known.push(event);
  }
  const open = events.filter(({ kind, requestId }) => kind === 'intent' && !rows.has(requestId));
  const found = open.map(({ requestId }) => `an intent was never closed: ${requestId}`);
  const refusals = new Map<string, number>();
  for (const call of calls) {
    const { requestId, prefix, code } = call;
    const own = rows.get(requestId) ?? [];
    rows.delete(requestId);
    // Beyond a budget a refusal is counted in place of its row: by key and code, or over all unknown credentials.
    if (own.length === 0 && code !== null) add(refusals, prefix === null ? '' : `${prefix} ${code}`, 1);
    else if (own.length !== 1) found.push(`${lineOf(call)}: ${own.length} rows`);
    for (const row of own) found.push(...differences(call, row).map((line) => `${lineOf(call)}: ${line}`));
  }
  const counted = countedRefusals(events);
  for (const name of new Set([...refusals.keys(), ...counted.keys()])) {
    const [missing = 0, told = 0] = [refusals.get(name), counted.get(name)];
    if (missing !== told)
      found.push(`${missing} refusals without a row, and summaries tell of ${told}: ${name}`);
  }
  for (const [row] of rows.values()) {
    found.push(`a row of no call: ${row?.requestId} ${row?.method} ${row?.target}`);
  }
  return found;
}

const lineOf = ({ requestId, protocol, path, status, code }: AnsweredCall): string =>
  `${protocol} ${path} ${status} ${code} (${requestId})`;

/** A row says who called, what they were answered, and nothing else than the truth. */
function differences(call: AnsweredCall, row: AuditEvent): string[] {
  const isNobodys = call.prefix === null;
  const expected = {
    keyPrefix: call.prefix,
    organizationId: call.organizationId,
    tier: isNobodys ? 'none' : 'organization-key',
    status: call.status,
    ...(call.code !== null && { errorCode: call.code }),
    clientAddress: '127.0.0.1',
  };
  return Object.entries(expected).flatMap(([name, wanted]) => {
    const actual = row[name as keyof AuditEvent]; // Names of its own fields.
    return actual === wanted ? [] : [`${name} is ${actual}, expected ${wanted}`];
  });
}

const add = (counts: Map<string, number>, name: string, count: number): void =>
  void counts.set(name, (counts.get(name) ?? 0) + count);

function countedRefusals(events: readonly AuditEvent[]): ReadonlyMap<string, number> {
  const counted = new Map<string, number>();
  for (const { kind, keyPrefix, change } of events) {
    if (kind !== 'summary') continue;
    const { unwritten, codes } = JSON.parse(change ?? '{}');
    if (keyPrefix === null) add(counted, '', Number(unwritten));
    for (const [code, count] of Object.entries(codes ?? {}))
      add(counted, `${keyPrefix} ${code}`, Number(count));
  }
  return counted;
}
