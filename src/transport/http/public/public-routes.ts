import type { IncomingMessage } from 'node:http';
import type { Answer } from '../request-context.ts';

/** Undefined where the request must take the way of those with a credential. */
type PublicHandler = (request: IncomingMessage) => Promise<Answer | undefined>;

/** Paths that answer without a credential, and nothing else does; each says whether it needs the Host check. */
export type PublicRoutes = {
  has(pathname: string): boolean;
  skipHostCheck(pathname: string): boolean;
  answer(method: string, pathname: string, request: IncomingMessage): Promise<Answer | undefined>;
};

/** Asked by probes that know neither our name nor a key. */
const probes = new Set(['/healthz', '/readyz', '/metrics']);

export function createPublicRoutes(handlers: Readonly<Record<string, PublicHandler>>): PublicRoutes {
  const byPath = new Map(Object.entries(handlers));
  return {
    has: (pathname) => byPath.has(pathname),
    skipHostCheck: (pathname) => probes.has(pathname),
    async answer(method, pathname, request) {
      if (method !== 'GET') return undefined;
      return byPath.get(pathname)?.(request);
    },
  };
}

/** A JSON answer of an open route. */
export function publicJson(status: number, value: unknown): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(value),
    errorCode: null,
  };
}
