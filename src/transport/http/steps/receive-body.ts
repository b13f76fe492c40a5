import type { IncomingMessage } from 'node:http';
import type { Arrived } from '../step-runner.ts';
import { isBodiless, readJsonBody, takesBody } from '../wire/read-body.ts';
import type { Matched } from './match-route.ts';

/** Parsed, undefined where there is none; `wasAwaited` for one that was not wholly there when its sender was identified. */
export type Received = { readonly body: unknown; readonly wasAwaited: boolean };

/** Media type, size, parse and depth. @throws UNSUPPORTED_MEDIA_TYPE, BODY_TOO_LARGE, TOO_DEEP, PARSE_ERROR, CANCELLED */
export async function receiveBody({ request, route }: Arrived & Matched): Promise<Received> {
  const wasAwaited = !request.complete;
  const body = takesBody(request) ? await readBody(request, route.kind === 'mcp') : undefined;
  return { body, wasAwaited };
}

/** On REST a request without a body gives no arguments in it; on MCP there is no message then. */
async function readBody(request: IncomingMessage, isMcp: boolean): Promise<unknown> {
  if (isMcp) return readJsonBody(request, 'INVALID_REQUEST');
  return isBodiless(request) ? undefined : readJsonBody(request, 'VALIDATION_ERROR');
}
