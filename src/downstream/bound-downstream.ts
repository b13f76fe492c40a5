import type { z } from 'zod';
import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import { platformId } from '../organization.ts';
import type { Downstream, DownstreamReply, DownstreamRequest } from './downstream.ts';
import type { Path } from './path.ts';

export type Query = Readonly<
  Record<string, string | number | boolean | readonly string[] | null | undefined>
>;

/** The platform as one organisation sees it. There is no way to name another. */
export type BoundDownstream = {
  get<Schema extends z.ZodType>(path: Path, query: Query, reply: Schema): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(path: Path, body: object, reply: Schema): Promise<z.output<Schema>>;
};

type Binding = {
  readonly caller: Caller;
  readonly effect: 'reads' | 'writes' | 'destroys';
  readonly slot: AuditSlot;
  readonly signal: AbortSignal;
};

/** The one client: it writes `organization_id` last, and shows no reply that speaks of another organisation. */
export function bindDownstream(downstream: Downstream, binding: Binding): BoundDownstream {
  const speaksFor = platformId(binding.caller.organization);

  async function call<Schema extends z.ZodType>(
    method: DownstreamRequest['method'],
    path: Path,
    query: Query,
    body: unknown,
    schema: Schema,
  ): Promise<z.output<Schema>> {
    const url = buildUrl(path, query, speaksFor);
    if (binding.effect !== 'reads' && method !== 'GET')
      await binding.slot.intent({ method, path: url.pathname });
    const reply = await downstream.send({ method, url, body, signal: binding.signal });
    requireSuccess(reply);
    requireOwnRows(reply.body, speaksFor);
    const parsed = schema.safeParse(reply.body);
    if (!parsed.success) throw new AppError('DOWNSTREAM_FAILED', { cause: parsed.error });
    return parsed.data;
  }

  return {
    get: (path, query, reply) => call('GET', path, query, undefined, reply),
    post: (path, body, reply) => call('POST', path, {}, body, reply),
  };
}

function buildUrl(path: Path, query: Query, organizationId: string): URL {
  const url = new URL(path.text, 'http://platform.invalid');
  if (url.pathname.split('/').length !== path.segments) throw new AppError('VALIDATION_ERROR');
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined || value === null) continue;
    for (const item of Array.isArray(value) ? value : [value]) url.searchParams.append(name, String(item));
  }
  url.searchParams.delete('organization_id');
  url.searchParams.append('organization_id', organizationId);
  return url;
}

/** The platform's own words stay behind: they may speak of what is not the caller's. */
function requireSuccess({ status }: DownstreamReply): void {
  if (status >= 200 && status < 300) return;
  if (status === 404) throw new AppError('NOT_FOUND');
  if (status === 400 || status === 422) {
    throw new AppError('VALIDATION_ERROR', { message: 'The platform refused the arguments.' });
  }
  throw new AppError('DOWNSTREAM_FAILED', { detail: { downstream_status: status } });
}

/** Every object in the reply that names an organisation must name this one. */
function requireOwnRows(value: unknown, organizationId: string): void {
  if (typeof value !== 'object' || value === null) return;
  if ('organization_id' in value && value.organization_id !== organizationId)
    throw new AppError('TENANT_MISMATCH');
  for (const inner of Object.values(value)) requireOwnRows(inner, organizationId);
}
