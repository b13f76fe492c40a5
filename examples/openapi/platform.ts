import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** The platform that `openapi.json` describes. It knows its gateway by a token, and no key of Tenantry's. */
const token = process.env.WORKSPACES_TOKEN;
if (!token) throw new Error('expected WORKSPACES_TOKEN');

/** Names by organisation and workspace. */
const secrets = new Map<string, string[]>();

type Reply = { readonly status: number; readonly body: object };

async function answer(request: IncomingMessage): Promise<Reply> {
  if (request.headers.authorization !== `Bearer ${token}`) return { status: 401, body: {} };
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://platform.invalid');
  const organization_id = searchParams.get('organization_id');
  if (organization_id === null) return { status: 400, body: {} };
  if (pathname === '/workspaces') {
    return { status: 200, body: { organization_id, workspaces: [{ id: 'ws_1' }, { id: 'ws_2' }] } };
  }
  const workspace_id = /^\/workspaces\/([^/]+)\/secrets$/.exec(pathname)?.[1];
  if (workspace_id === undefined) return { status: 404, body: { organization_id } };
  const place = `${organization_id} ${workspace_id}`;
  const names = secrets.get(place) ?? [];
  if (request.method === 'POST') {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    names.push(JSON.parse(Buffer.concat(chunks).toString()).name);
    secrets.set(place, names);
  }
  const status = request.method === 'POST' ? 201 : 200;
  return { status, body: { organization_id, workspace_id, names } };
}

const server = createServer(async (request, response) => {
  const { status, body } = await answer(request);
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
});
server.listen(Number(process.env.PORT ?? 9180), '127.0.0.1', () => {
  console.log(`platform listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});
