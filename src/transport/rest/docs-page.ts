import type { Answer } from './exchange.ts';
import { type Documented, routeOf } from './openapi.ts';

const style =
  'body{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;padding:.4rem;border-bottom:1px solid #ccc;vertical-align:top}code{white-space:nowrap}';

/** The REST operations as a page for people; the whole truth is `/openapi.json`. */
export function docsPage(tools: readonly Documented[]): Answer {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Tenantry API</title><style>${style}</style>
<h1>Tenantry API</h1>
<p>What stands under <code>/admin</code> wants <code>ADMIN_TOKEN</code> and, as wherever it is used, a reason in <code>X-Break-Glass-Reason</code>. A host key names its organisation in <code>X-Organization-Id</code>.</p>
<p>Send a key as <code>Authorization: Bearer …</code> or <code>X-API-Key</code>. Schemas: <a href="/openapi.json">/openapi.json</a>.</p>
<table><tr><th>Request</th><th>Needs</th><th>What it does</th></tr>
${tools.map(row).join('\n')}
</table></html>`;
  const headers = {
    'content-type': 'text/html; charset=utf-8',
    'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  };
  return { status: 200, headers, body, errorCode: null };
}

function row(tool: Documented): string {
  const { method, path } = routeOf(tool);
  const needed = 'scope' in tool ? tool.scope : tool.access;
  const cells = [`<code>${escapeHtml(`${method} ${path}`)}</code>`, `<code>${escapeHtml(needed)}</code>`];
  return `<tr>${[...cells, escapeHtml(tool.description)].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');
