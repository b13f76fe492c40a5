import { escapeHtml, htmlPage } from '../http/public/html-page.ts';
import { type Documented, routeOf } from './openapi.ts';

/** The REST operations as a page for people; the whole truth is `/openapi.json`. */
export function docsPage(tools: readonly Documented[]) {
  const { headers, body } = htmlPage(
    'Tenantry API',
    `<h1>Tenantry API</h1>
<p>What stands under <code>/admin</code> wants <code>ADMIN_TOKEN</code> and, as wherever it is used, a reason in <code>X-Break-Glass-Reason</code>. A host key names its organisation in <code>X-Organization-Id</code>.</p>
<p>Send a key as <code>Authorization: Bearer …</code> or <code>X-API-Key</code>. Schemas: <a href="/openapi.json">/openapi.json</a>.</p>
<table><tr><th>Request</th><th>Needs</th><th>What it does</th></tr>
${tools.map(row).join('\n')}
</table>`,
  );
  return { headers, bytes: Buffer.from(body) };
}

function row(tool: Documented): string {
  const { method, path } = routeOf(tool);
  const needed = 'scope' in tool ? tool.scope : tool.access;
  const cells = [`<code>${escapeHtml(`${method} ${path}`)}</code>`, `<code>${escapeHtml(needed)}</code>`];
  return `<tr>${[...cells, escapeHtml(tool.description)].map((cell) => `<td>${cell}</td>`).join('')}</tr>`;
}
