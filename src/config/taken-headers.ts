/** Names that carry the request itself, on its connection and through proxies (RFC 9110, 7.6.1; RFC 9112). */
const ofConnection =
  /^(?:host|connection|keep-alive|proxy-connection|transfer-encoding|te|trailer|upgrade|expect|content-length|content-type|content-encoding|accept|accept-encoding|forwarded|x-forwarded-.+|x-real-ip|via|x-http-method.*|x-method-override|x-original-.+|x-rewrite-.+)$/i;

/** What this program and its protocol say of a request. */
const ofProgram = /^(?:x-request-id|traceparent|tracestate|mcp-.+|last-event-id|x-tenantry-.+)$/i;

const ofCredentials = /^(?:authorization|proxy-authorization|cookie|set-cookie|x-api-key)$/i;

/** What a browser or a caller says of itself. */
const ofCaller =
  /^(?:origin|referer|user-agent|date|x-on-behalf-of|x-break-glass-reason|access-control-.+|sec-.+)$/i;

const isOneOf =
  (...taken: readonly RegExp[]) =>
  (name: string): boolean =>
    taken.some((pattern) => pattern.test(name));

/** No place for the gateway's credential in a request to a platform. */
export const isTakenOnTheWayOut = isOneOf(ofConnection, ofProgram);

/** No place for an organisation in a request to a platform, and no parameter of its document's that a caller fills. */
export const isTakenOfPlatform = isOneOf(ofConnection, ofProgram, /^(?:authorization|cookie)$/i);

/** No place for an organisation in a request to us. */
export const isTakenOnTheWayIn = isOneOf(ofConnection, ofProgram, ofCredentials, ofCaller);
