/** What a generator is to do. It takes the requests in turn. */
export type LoadPlan = {
  readonly port: number;
  readonly seconds: number;
  /** Requests that are sent each second, independent of the server; null keeps every connection busy instead. */
  readonly perSecond: number | null;
  /** All are opened before the first request, and opened again when they end. */
  readonly connections: number;
  readonly requests: readonly PlannedRequest[];
};

export type PlannedRequest = {
  /** As they go over the wire. */
  readonly bytes: string;
  /** The outcome that it must have, such as `200` or `403 INSUFFICIENT_SCOPE`; a shed one may come in its place. */
  readonly expected: string;
  /** The client goes away so long after it has sent, in milliseconds. */
  readonly leavesAfterMs?: number;
};

export const SHED = '503 OVERLOADED';

/** Latencies in milliseconds, of answers as expected alone, from its sending over an open connection. */
export type LoadResult = {
  /** When the first was due, by the clock of the machine. */
  readonly startedAtMs: number;
  readonly offered: number;
  /** Due while all connections were busy, so they never left the generator. */
  readonly unsent: number;
  readonly outcomes: Readonly<Record<string, number>>;
  /** A line for each answer that was not what it must be, up to a hundred. */
  readonly unexpected: readonly string[];
  /** Connections that never came to be. */
  readonly refusedConnections: number;
  /** Sent, and never answered. */
  readonly unanswered: number;
  readonly latencies: Latencies;
  /** The same for each half second, by when the request was due. */
  readonly halves: readonly Half[];
  /** The latest that the generator itself was with a request. */
  readonly ownDelayMs: number;
};

export type Latencies = {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly p999Ms: number;
  readonly maxMs: number;
};
export type Half = { readonly ok: number; readonly shed: number; readonly p99Ms: number };
