import type { IncomingMessage } from 'node:http';
import { presentsCredential } from '../identity/credential.ts';
import { docsPage } from './docs-page.ts';
import type { Answer } from './exchange.ts';
import { openJson } from './open-routes.ts';
import { type Documented, openApiDocument } from './openapi.ts';

/** A document about some of the tools. */
export type RenderDocument = (tools: readonly Documented[]) => Answer;

export const documents = (version: string): Readonly<Record<string, RenderDocument>> => ({
  '/openapi.json': (tools) => openJson(200, openApiDocument(tools, version)),
  '/docs': docsPage,
});

/** The documents without a credential: every built-in operation, rendered once. With one, the pipeline answers. */
export function createDocumentRoutes(
  rendering: Readonly<Record<string, RenderDocument>>,
  tools: readonly Documented[],
) {
  const shown = tools.filter((tool) => tool.rest !== null);
  return Object.fromEntries(
    Object.entries(rendering).map(([path, render]) => {
      const answer = render(shown);
      return [
        path,
        async (request: IncomingMessage) => (presentsCredential(request.rawHeaders) ? undefined : answer),
      ];
    }),
  );
}
