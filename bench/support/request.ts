/** A request that a load sends over and over; with `keys`, each time with another of them. */
export type BenchRequest = {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Credentials to take turns with, in a file of one a line. */
  readonly keysFile?: string;
};

const common = { 'content-type': 'application/json', accept: 'application/json, text/event-stream' };

/** What clients of the 2026 era send: version, client and capabilities in every message, a progress token too. */
const meta = {
  progressToken: 1,
  'io.modelcontextprotocol/protocolVersion': '2026-07-28',
  'io.modelcontextprotocol/clientInfo': { name: 'bench', version: '1.0.0' },
  'io.modelcontextprotocol/clientCapabilities': { roots: { listChanged: true }, elicitation: {} },
};

type Message = { readonly method: string; readonly params?: Readonly<Record<string, unknown>> };

export const call = (name: string, args: object = {}): Message => ({
  method: 'tools/call',
  params: { name, arguments: args },
});
export const list: Message = { method: 'tools/list' };

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

export function modern(credential: Record<string, string>, { method, params = {} }: Message): BenchRequest {
  const name = typeof params.name === 'string' ? { 'mcp-name': params.name } : {};
  return {
    path: '/mcp',
    headers: {
      ...common,
      ...credential,
      'mcp-protocol-version': '2026-07-28',
      'mcp-method': method,
      ...name,
    },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method, params: { ...params, _meta: meta } }),
  };
}

/** The same in the 2025 era. */
export const older = (credential: Record<string, string>, message: Message): BenchRequest => ({
  path: '/mcp',
  headers: { ...common, ...credential, 'mcp-protocol-version': '2025-11-25' },
  body: JSON.stringify({ jsonrpc: '2.0', id: 1, ...message }),
});

/** Sends it once and gives what came back. */
export async function sendOnce(url: string, { path, headers, body }: BenchRequest) {
  const response = await fetch(url + path, { method: 'POST', headers, body });
  return { status: response.status, headers: response.headers, text: await response.text() };
}
