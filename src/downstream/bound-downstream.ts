import type { z } from 'zod';
import type { AuditSlot } from '../audit/audit-slot.ts';
import { AppError } from '../errors.ts';
import { platformId } from '../organization.ts';
import type { TenantPrincipal } from '../principal.ts';
import type { Downstream, DownstreamReply, DownstreamRequest, OrganizationLocation } from './downstream.ts';
import { bodyShape, locationsOf } from './organization/organization-location.ts';
import { type Query, writeOrganization } from './organization/write-organization.ts';
import type { Path } from './path.ts';
import { requireOwnReply, requireOwnWords } from './reply/require-own-reply.ts';
import { traceHeaders } from './trace-headers.ts';

export type { Query } from './organization/write-organization.ts';

/** A request as a tool states it. It has no field for the organisation. */
export type BoundRequest = {
  readonly method: DownstreamRequest['method'];
  readonly path: Path;
  readonly query?: Query;
  /** Headers that the platform's OpenAPI document declares. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: unknown;
  readonly onProgress?: DownstreamRequest['onProgress'];
};

/** The platform, bound to one organisation. No argument can name another. */
export type BoundDownstream = {
  get<Schema extends z.ZodType>(path: Path, query: Query, reply: Schema): Promise<z.output<Schema>>;
  post<Schema extends z.ZodType>(path: Path, body: object, reply: Schema): Promise<z.output<Schema>>;
  /**
   * The reply unchanged, after the check that nothing in it belongs to another organisation.
   *
   * @throws TENANT_MISMATCH, NOT_FOUND, VALIDATION_ERROR, DOWNSTREAM_FAILED, DOWNSTREAM_TIMEOUT,
   * DOWNSTREAM_NOT_CONFIGURED
   */
  request(request: BoundRequest): Promise<DownstreamReply>;
};

type Binding = {
  readonly principal: TenantPrincipal;
  readonly effect: 'reads' | 'writes' | 'destroys';
  readonly slot: AuditSlot;
  readonly signal: AbortSignal;
  /** Where to write the organisation, when it differs from the platform's terms. */
  readonly locations?: readonly OrganizationLocation[] | undefined;
};

/** The only client of a platform. It writes the organisation last, and withholds a reply that names another one. */
export function bindDownstream(downstream: Downstream, binding: Binding): BoundDownstream {
  const { principal, slot, signal } = binding;
  const { id } = principal.organization;
  const idAtPlatform = platformId(principal.organization);

  async function request(sent: BoundRequest): Promise<DownstreamReply> {
    const { method, path, query = {}, body } = sent;
    // First of all: without a credential nothing may leave, so nothing may be noted as leaving.
    const credential = downstream.credentialFor(id);
    const headers = { ...sent.headers, ...tracesOf(slot, principal), ...credential };
    const { basePath, organization } = downstream.terms;
    const shape = { path: basePath + path.text, body: bodyShape(body) };
    const writes = binding.effect !== 'reads' && method !== 'GET';
    const locations = locationsOf(binding.locations ?? [organization], shape, downstream.terms, !writes);
    const addressed = writeOrganization({ path, query, headers, body }, idAtPlatform, basePath, locations);
    if (writes) await slot.intent({ method, path: addressed.url.pathname });
    const isRepeatable = method === 'GET';
    const { onProgress } = sent;
    const reply = await downstream.send({
      method,
      ...addressed,
      isRepeatable,
      organizationId: id,
      organization: idAtPlatform,
      signal,
      onProgress: onProgress && judgedProgress(onProgress, idAtPlatform, downstream.terms),
    });
    requireSuccess(reply);
    const said = reply.alsoSays === undefined ? reply.body : [reply.body, reply.alsoSays];
    requireOwnReply(said, idAtPlatform, downstream.terms, locations.length > 0);
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

type OnProgress = NonNullable<DownstreamRequest['onProgress']>;

/** Checks progress messages like replies. A failing check throws TENANT_MISMATCH and drops the message. */
const judgedProgress =
  (tell: OnProgress, idAtPlatform: string, terms: Downstream['terms']): OnProgress =>
  async (done, total, message) => {
    requireOwnWords(message, idAtPlatform, terms);
    await tell(done, total, message);
  };

/** Request id, trace context, and the public part of the key. */
function tracesOf({ requestId, traceparent }: AuditSlot, { key }: TenantPrincipal): Record<string, string> {
  return {
    [traceHeaders.requestId]: requestId,
    ...(traceparent !== null && { [traceHeaders.traceparent]: traceparent }),
    ...(key !== null && { [traceHeaders.keyPrefix]: key.prefix }),
  };
}

/** The platform's error text is never passed on: it may describe data of another organisation. */
function requireSuccess({ status }: DownstreamReply): void {
  if (status >= 200 && status < 300) return;
  const detail = { downstream_status: status };
  if (status === 404) throw new AppError('NOT_FOUND', { detail });
  if (status === 400 || status === 422) {
    throw new AppError('VALIDATION_ERROR', { message: 'The platform refused the arguments.', detail });
  }
  throw new AppError('DOWNSTREAM_FAILED', { detail });
}
