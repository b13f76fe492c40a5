import type { AuditEvent } from '../../../src/audit/audit-event.ts';
import type { MixedCall } from './call-mix.ts';
import type { Received } from './keep-alive.ts';

export type AnsweredCall = Pick<MixedCall, 'face' | 'prefix' | 'organizationId'> &
  Pick<Received, 'status' | 'requestId'> & {
    /** The code of a refusal; null where there was none. */
    readonly code: string | null;
    readonly path: string;
  };

/** The code that an answer of any face bears. */
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
  let refusals = 0;
  for (const call of calls) {
    const { requestId, prefix } = call;
    const own = rows.get(requestId) ?? [];
    rows.delete(requestId);
    if (prefix === null && own.length === 0) refusals += 1;
    else if (own.length !== 1) found.push(`${lineOf(call)}: ${own.length} rows`);
    for (const row of own) found.push(...differences(call, row).map((line) => `${lineOf(call)}: ${line}`));
  }
  const counted = countedRefusals(events);
  if (counted !== refusals)
    found.push(`${refusals} refusals without a row, and summaries tell of ${counted}`);
  for (const [row] of rows.values()) {
    found.push(`a row of no call: ${row?.requestId} ${row?.method} ${row?.target}`);
  }
  return found;
}

const lineOf = ({ requestId, face, path, status, code }: AnsweredCall): string =>
  `${face} ${path} ${status} ${code} (${requestId})`;

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

const countedRefusals = (events: readonly AuditEvent[]): number =>
  events
    .filter(({ kind }) => kind === 'summary')
    .reduce((sum, { change }) => sum + Number(JSON.parse(change ?? '{}').unwritten ?? 0), 0);
