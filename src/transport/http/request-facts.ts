import type { IncomingMessage } from 'node:http';
import type { RequestFacts } from '../../audit/request-rows.ts';
import { type AddressSet, clientAddress } from '../../identity/client-address.ts';
import { headerValues } from '../../identity/raw-headers.ts';
import type { Target } from './target.ts';

/** What the audit notes of a request before anything about it is checked. Its query string is not noted. */
export function requestFacts(
  request: IncomingMessage,
  target: Target,
  trustedProxies: AddressSet,
): RequestFacts {
  const { rawHeaders, method = '', socket } = request;
  const first = (name: string): string | null => headerValues(rawHeaders, name)[0] ?? null;
  return {
    method,
    target: target.pathname,
    clientAddress: clientAddress(socket.remoteAddress, rawHeaders, trustedProxies),
    clientName: first('user-agent'),
    onBehalfOf: first('x-on-behalf-of') ?? first('traceparent'),
    traceparent: traceOf(first('traceparent')),
  };
}

const TRACEPARENT = /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

/** Only what is a trace travels on: anything else would be a header that a caller wrote for the platform. */
const traceOf = (text: string | null): string | null =>
  text !== null && TRACEPARENT.test(text) ? text : null;
