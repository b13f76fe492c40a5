import type { IncomingMessage } from 'node:http';
import { headerValues } from '../../../identity/raw-headers.ts';
import type { Answer } from '../request-context.ts';
import { escapeHtml, htmlPage } from './html-page.ts';

/** `GET /` for browsers; a program that asks for anything else gets the 404 of every other path. */
export function createWelcomeRoute() {
  return {
    '/': async ({ rawHeaders }: IncomingMessage): Promise<Answer | undefined> => {
      const isBrowser = headerValues(rawHeaders, 'accept').some((value) => /\btext\/html\b/i.test(value));
      if (!isBrowser) return undefined;
      // One Host, as the check of hosts made sure.
      return { status: 200, errorCode: null, ...welcomePage(headerValues(rawHeaders, 'host')[0] ?? '') };
    },
  };
}

function welcomePage(host: string) {
  const url = `http://${escapeHtml(host)}/mcp`;
  return htmlPage(
    'Tenantry',
    `<h1>Tenantry</h1>
<p>A multi-tenant Model Context Protocol (MCP) server. It answers at <code>/mcp</code> to whoever sends a key of an organisation, as <code>Authorization: Bearer …</code> or as <code>X-API-Key: …</code>.</p>
<h2>Connect</h2>
<p>Claude Code (with <code>https</code> where this server stands behind a proxy that speaks it):</p>
<pre>claude mcp add --transport http tenantry ${url} --header "Authorization: Bearer tnt_…"</pre>
<p>From a terminal, which proves server, key and organisation:</p>
<pre>TENANTRY_URL=${url} TENANTRY_API_KEY=tnt_… npx tenantry doctor</pre>
<p>A host that serves many organisations names one in <code>X-Organization-Id</code>, or in the URL: <code>/o/org_…/mcp</code>.</p>
<h2>Read on</h2>
<p><a href="/docs">/docs</a>: the same operations over REST. <a href="/openapi.json">/openapi.json</a>: their schemas.</p>
`,
  );
}
