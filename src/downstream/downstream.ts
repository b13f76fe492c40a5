import type { OrganizationId } from '../ids.ts';

/** Where a platform expects the organisation in a request, and under which name. */
export type OrganizationLocation = {
  /** `body`: the JSON body, or the query of a request without one. `path`: the segment `{name}` of the URL. */
  readonly in: 'query' | 'header' | 'path' | 'body';
  readonly name: string;
};

/** The contract of a platform. The bound client enforces it. */
export type DownstreamTerms = {
  readonly organization: OrganizationLocation;
  /** Prefix of every path, such as `/api`. It holds `{name}` when the organisation belongs in the path. */
  readonly basePath: string;
  /** The field of a reply that names its organisation. */
  readonly replyField: string;
  /** Further names under which the platform receives the organisation, such as an argument of its tools. */
  readonly otherNames?: readonly string[];
  /** Whether every reply must name its organisation. */
  readonly requireOrganizationInReply: boolean;
  /**
   * Whether the gateway has one credential per organisation. The credential then tells the platform for whom it asks.
   */
  readonly credentialPerOrganization?: boolean;
};

/** One outgoing request. The organisation is already written into it. */
export type DownstreamRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query. The sender ignores the origin and uses its own. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value; undefined for a request without a body. */
  readonly body: unknown;
  /** Whether sending it twice has the same effect as sending it once. */
  readonly isRepeatable: boolean;
  /** The tenant of the request. Connections and circuit breakers are kept apart by it. */
  readonly organizationId: OrganizationId;
  /** The platform's id for the same organisation. */
  readonly organization: string;
  readonly signal: AbortSignal;
  /**
   * Progress of the call, if the sender can report it. An AppError that it throws ends the call.
   *
   * @throws TENANT_MISMATCH
   */
  readonly onProgress?: ((done: number, total: number, message: string) => Promise<void>) | null | undefined;
};

/** `body` is parsed JSON; undefined when the platform sent none. */
export type DownstreamReply = {
  readonly status: number;
  readonly body: unknown;
  /** Text decoded from blobs of the body. It is checked like the body itself. */
  readonly alsoSays?: unknown;
};

/** One platform: embedded, HTTP or MCP. Tools cannot tell which. */
export type Downstream = {
  readonly terms: DownstreamTerms;
  /**
   * The headers of the gateway's own credential, never the caller's.
   *
   * @throws DOWNSTREAM_NOT_CONFIGURED when its variable is not set
   */
  credentialFor(organizationId: OrganizationId): Readonly<Record<string, string>>;
  /**
   * Sends one request.
   *
   * @throws DOWNSTREAM_FAILED, DOWNSTREAM_TIMEOUT
   */
  send(request: DownstreamRequest): Promise<DownstreamReply>;
  close(): Promise<void>;
};
