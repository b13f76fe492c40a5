import type { OrganizationId } from '../ids.ts';

/** Where a platform wants to be told the organisation, and under which name. */
export type OrganizationPlace = {
  /** `body` means the JSON body where a request has one, and else the query; `path` the place `{name}` in the URL. */
  readonly in: 'query' | 'header' | 'path' | 'body';
  readonly name: string;
};

/** What a platform is known to do; the one client holds it to that. */
export type DownstreamTerms = {
  readonly organization: OrganizationPlace;
  /** What stands before every path, such as `/api`; holds `{name}` where the organisation belongs in the path. */
  readonly basePath: string;
  /** Where a reply says which organisation it is about. */
  readonly replyField: string;
  /** Whether a reply must say which organisation it is about. */
  readonly requireOrganizationInReply: boolean;
};

/** One request as it leaves: the organisation is in it already, written last by the one client that exists. */
export type DownstreamRequest = {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** Path and query; the origin belongs to whoever sends it. */
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  /** A JSON value, or undefined for a request without a body. */
  readonly body: unknown;
  /** Whether sending it twice does no more than sending it once. */
  readonly isRepeatable: boolean;
  /** For whom it is sent, so that none can use up what is another's. */
  readonly organizationId: OrganizationId;
  /** The same as the platform knows it. */
  readonly organization: string;
  readonly signal: AbortSignal;
  /** Told how far it is, where whoever sends it can tell. */
  readonly onProgress?: ((done: number, total: number, message: string) => Promise<void>) | null | undefined;
};

/** `body` is parsed JSON, or undefined where the platform sent none. */
export type DownstreamReply = {
  readonly status: number;
  readonly body: unknown;
  /** JSON that stands inside of its texts: it must not be another organisation's either. */
  readonly alsoSays?: unknown;
};

/** The network below us: the embedded platform, or a real one over HTTP. The tools do not know which. */
export type Downstream = {
  readonly terms: DownstreamTerms;
  /** The headers of the gateway's own credential, never the caller's. @throws DOWNSTREAM_NOT_CONFIGURED */
  credentialFor(organizationId: OrganizationId): Readonly<Record<string, string>>;
  /** @throws DOWNSTREAM_FAILED, DOWNSTREAM_TIMEOUT */
  send(request: DownstreamRequest): Promise<DownstreamReply>;
  close(): Promise<void>;
};
