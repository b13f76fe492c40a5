import { ServerType, startStdioServer, type UpstreamProtocol } from 'mcp-proxy';

/** What people write around `mcp-proxy`'s client: standard input and output here, a remote server there. */
await startStdioServer({
  serverType: ServerType.HTTPStream,
  url: process.env.PROXY_URL ?? '',
  upstreamProtocol: process.env.PROXY_PROTOCOL as UpstreamProtocol,
  transportOptions: { requestInit: { headers: JSON.parse(process.env.PROXY_HEADERS ?? '{}') } },
});
