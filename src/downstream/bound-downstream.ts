import type { z } from 'zod';
import type { AuditSlot } from '../audit/audit-slot.ts';
import type { Caller } from '../caller.ts';
import { AppError } from '../errors.ts';
import { platformId } from '../organization.ts';
import { redactKeys } from '../token-shape.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, OrganizationPlace } from './downstream.ts';
import { requireOwnReply } from './own-reply.ts';
import type { Path } from './path.ts';
import { type Query, writeOrganization } from './write-organization.ts';

export type { Query } from './write-organization.ts';

/** A request in a tool's own words; the organisation is not among them. */
export type BoundRequest = {
  readonly method: DownstreamRequest['method'];
  readonly path: Path;
  readonly query?: Query;
  /** Headers that the platform's own document asks for. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly onProgress?: DownstreamRequest['onProgress'];
};

/** The platform as one organisation sees it. There is no way to name another. */
export type BoundDownstream = {
  get<Schema extends z.ZodType>(path: Path, query: Query, reply: Schema): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(path: Path, body: object, reply: Schema): Promise<z.output<Schema>>;
  /** The reply as it came, where nothing in it is another organisation's. */
  request(request: BoundRequest): Promise<DownstreamReply>;
};

type Binding = {
  readonly caller: Caller;
  readonly effect: 'reads' | 'writes' | 'destroys';
  readonly slot: AuditSlot;
  readonly signal: AbortSignal;
  /** Where the organisation is written, where that differs from the platform's terms. */
  readonly places?: readonly OrganizationPlace[] | undefined;
};

/** The one client: it writes the organisation last, and shows no reply that speaks of another. */
export function bindDownstream(downstream: Downstream, binding: Binding): BoundDownstream {
  const { caller, slot, signal } = binding;
  const { id } = caller.organization;
  const speaksFor = platformId(caller.organization);

  async function request(sent: BoundRequest): Promise<DownstreamReply> {
    const { method, path, query = {}, body } = sent;
    // Before anything is noted: where the gateway has no credential, nothing is about to leave.
    const credential = downstream.credentialFor(id);
    const headers = { ...sent.headers, ...tracesOf(slot, caller), ...credential };
    const { basePath, organization } = downstream.terms;
    const places = binding.places ?? [organization];
    const addressed = writeOrganization({ path, query, headers, body }, speaksFor, basePath, places);
    const writes = binding.effect !== 'reads' && method !== 'GET';
    if (writes) await slot.intent({ method, path: redactKeys(addressed.url.pathname) });
    const isRepeatable = method === 'GET';
    const reply = await downstream.send({
      method,
      ...addressed,
      isRepeatable,
      organizationId: id,
      organization: speaksFor,
      signal,
      onProgress: sent.onProgress,
    });
    requireSuccess(reply);
    const said = reply.alsoSays === undefined ? reply.body : [reply.body, reply.alsoSays];
    requireOwnReply(said, speaksFor, downstream.terms);
    return reply;
  }

  async function parsed<Schema extends z.ZodType>(sent: BoundRequest, schema: Schema) {
    const reply = schema.safeParse((await request(sent)).body);
    if (reply.success) return reply.data;
    const [issue] = reply.error.issues;
    const detail = { reason: 'not as expected', at: issue?.path.join('.') };
    throw new AppError('DOWNSTREAM_FAILED', { detail, cause: reply.error });
  }

  return {
    request,
    get: (path, query, reply) => parsed({ method: 'GET', path, query }, reply),
    post: (path, body, reply) => parsed({ method: 'POST', path, body }, reply),
  };
}

/** What joins the platform's own log with our audit: the request, the trace, and the key's public part. */
function tracesOf({ requestId, traceparent }: AuditSlot, { key }: Caller): Record<string, string> {
  return {
    'x-request-id': requestId,
    ...(traceparent !== null && { traceparent }),
    ...(key !== null && { 'x-tenantry-key-prefix': key.prefix }),
  };
}

/** The platform's own words stay behind: they may speak of what is not the caller's. */
function requireSuccess({ status }: DownstreamReply): void {
  if (status >= 200 && status < 300) return;
  const detail = { downstream_status: status };
  if (status === 404) throw new AppError('NOT_FOUND', { detail });
  if (status === 400 || status === 422) {
    throw new AppError('VALIDATION_ERROR', { message: 'The platform refused the arguments.', detail });
  }
  throw new AppError('DOWNSTREAM_FAILED', { detail });
}
