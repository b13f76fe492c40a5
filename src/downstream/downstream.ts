/** One request as it leaves: the organisation is in it already, written last by the one client that exists. */
export type DownstreamRequest = {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Path and query; the origin belongs to whoever sends it. */
  readonly url: URL;
  /** A JSON value, or undefined for a request without a body. */
  readonly body: unknown;
  readonly signal: AbortSignal;
};

/** `body` is parsed JSON, or undefined where the platform sent none. */
export type DownstreamReply = { readonly status: number; readonly body: unknown };

/** The network below us: the embedded platform, or a real one over HTTP. The tools do not know which. */
export type Downstream = {
  send(request: DownstreamRequest): Promise<DownstreamReply>;
  close(): Promise<void>;
};
