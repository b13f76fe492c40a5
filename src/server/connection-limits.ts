/** Connections are cheap to open and hold: every wait has an end (milliseconds and bytes). */
export const connectionLimits = {
  maxHeaderSize: 16_384,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
  requireHostHeader: false, // The pipeline answers a missing Host itself, with a code.
};

export const SHUTDOWN_MS = 10_000;
export const MOST_CONNECTIONS = 5000;
/** A socket on which nothing moves is closed so long after the longest that a tool call may be silent. */
export const IDLE_MS = 120_000;
