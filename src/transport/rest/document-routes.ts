import type { IncomingMessage } from 'node:http';
import { presentsCredential } from '../../identity/read-credential.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { whatIsAllowed } from '../../tool/call/require-scope.ts';
import type { Answer } from '../http/request-context.ts';
import { docsPage } from './docs-page.ts';
import { createOpenApiText, type Documented } from './openapi.ts';

/** A document about some of the tools, as it is sent. */
type Rendered = { readonly headers: Answer['headers']; readonly bytes: Buffer };

/** How a document is rendered, by its path. */
export type Documents = Readonly<Record<string, (tools: readonly Documented[]) => Rendered>>;

export function createDocuments(version: string): Documents {
  const openApiText = createOpenApiText(version);
  return {
    '/openapi.json': (tools) => ({
      headers: { 'content-type': 'application/json' },
      bytes: Buffer.from(openApiText(tools)),
    }),
    '/docs': docsPage,
  };
}

const answerWith = ({ headers, bytes }: Rendered): Answer => ({
  status: 200,
  headers,
  body: [bytes],
  errorCode: null,
});

/** The documents without a credential: the shipped operations, rendered once. With one, the pipeline answers. */
export function createDocumentRoutes(documents: Documents, shipped: readonly Documented[]) {
  const shown = shipped.filter((tool) => tool.rest !== null);
  return Object.fromEntries(
    Object.entries(documents).map(([path, render]) => {
      const answer = answerWith(render(shown));
      return [
        path,
        async (request: IncomingMessage) => (presentsCredential(request.rawHeaders) ? undefined : answer),
      ];
    }),
  );
}

/** The document for a caller; `tools` are those with a route that it may call. */
export type CallersDocument = (
  principal: TenantPrincipal,
  tools: (principal: TenantPrincipal) => readonly Documented[],
) => Answer;

/** Documents kept of each kind, and their bytes: a large platform's takes some MiB. */
const MOST_KEPT = 64;
const MOST_KEPT_BYTES = 16 * 1024 * 1024;

/** Renders a document once for all callers who may call the same, and keeps those that were asked for last. */
export function createCallersDocuments(documents: Documents): ReadonlyMap<string, CallersDocument> {
  return new Map(Object.entries(documents).map(([path, render]) => [path, keepRendered(render)]));
}

function keepRendered(render: Documents[string]): CallersDocument {
  const kept = new Map<string, Rendered>();
  let keptBytes = 0;
  const forgetOldest = (): void => {
    for (const [allowed, { bytes }] of kept) {
      if (kept.size <= MOST_KEPT && keptBytes <= MOST_KEPT_BYTES) return;
      kept.delete(allowed);
      keptBytes -= bytes.length;
    }
  };
  return (principal, tools) => {
    const allowed = whatIsAllowed(principal);
    const known = kept.get(allowed);
    const document = known ?? render(tools(principal));
    // A map is in the order in which its entries were set: this one becomes the newest.
    kept.delete(allowed);
    kept.set(allowed, document);
    if (known === undefined) {
      keptBytes += document.bytes.length;
      forgetOldest();
    }
    return answerWith(document);
  };
}
