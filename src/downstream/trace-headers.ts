/** The headers that join the platform's log with our audit. They differ between calls. */
export const traceHeaders = {
  requestId: 'x-request-id',
  traceparent: 'traceparent',
  keyPrefix: 'x-tenantry-key-prefix',
} as const;
