import {
  Client as Client2026,
  StreamableHTTPClientTransport as Http2026,
} from '@modelcontextprotocol/client';
import { StdioClientTransport as Stdio2026 } from '@modelcontextprotocol/client/stdio';
import { Client as Client2025 } from '@modelcontextprotocol/sdk/client/index.js';
import { StdioClientTransport as Stdio2025 } from '@modelcontextprotocol/sdk/client/stdio.js';
import { StreamableHTTPClientTransport as Http2025 } from '@modelcontextprotocol/sdk/client/streamableHttp.js';
import type { Transport as Transport2025 } from '@modelcontextprotocol/sdk/shared/transport.js';
import { onTestFinished } from 'vitest';
import { bareEnvironment, mainFile } from './program.ts';

/** How the client reaches the server; `env` is that of the process, where there is one. */
export type Wire =
  | { readonly url: string; readonly headers: Environment; readonly env?: Environment }
  | { readonly args: readonly string[]; readonly env: Environment };

type Environment = Readonly<Record<string, string>>;

export type ToolAnswer = {
  readonly isError?: boolean | undefined;
  readonly content: readonly { readonly type: string; readonly text?: string }[];
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
  readonly structuredContent?: any;
  // biome-ignore lint/suspicious/noExplicitAny: a test asserts on the raw answer
  readonly _meta?: any;
};

type OnProgress = (progress: { progress: number; total?: number | undefined }) => void;
type CallOptions = { readonly onProgress?: OnProgress; readonly signal?: AbortSignal };

/** A connected client as the tests use it, from either package. */
export type Peer = {
  readonly serverInfo: unknown;
  readonly capabilities: unknown;
  /** The protocol revision that both agreed on. */
  readonly revision: string | undefined;
  close(): Promise<void>;
  listTools(): Promise<{
    readonly tools: readonly { readonly name: string; readonly outputSchema?: unknown }[];
  }>;
  listResourceTemplates(): Promise<{
    readonly resourceTemplates: readonly { readonly uriTemplate: string }[];
  }>;
  readResource(uri: string): Promise<{ readonly contents: readonly unknown[] }>;
  /** What the server offers for `argument` of the resource template `uri`. */
  complete(
    uri: string,
    argument: string,
    typed: string,
  ): Promise<{ readonly completion: { readonly values: readonly string[] } }>;
  callTool(name: string, args?: Record<string, unknown>, options?: CallOptions): Promise<ToolAnswer>;
};

type ClientKind = {
  readonly label: string;
  readonly era: '2025' | '2026';
  connect(wire: Wire): Promise<Peer>;
};

/** Who really connects: the package that most hosts embed, and its successor in its three modes. */
export const clientKinds: readonly ClientKind[] = [
  { label: 'sdk 1.32', era: '2025', connect: connect2025 },
  { label: 'client 2.4 as it comes', era: '2025', connect: (wire) => connect2026(wire, undefined) },
  { label: 'client 2.4, auto', era: '2026', connect: (wire) => connect2026(wire, 'auto') },
  { label: 'client 2.4, pinned', era: '2026', connect: (wire) => connect2026(wire, { pin: '2026-07-28' }) },
];

/** One of each generation, where a connection is dear. */
export const generations = clientKinds.filter(({ label }) =>
  ['sdk 1.32', 'client 2.4, pinned'].includes(label),
);

const clientInfo = { name: 'real-client', version: '1.0.0' };

/** The program as a client's command, as `.mcp.json` would name it; the key is in the environment only. */
export const stdioWire = (args: readonly string[], env: Readonly<Record<string, string>>): Wire => ({
  args: [mainFile, 'stdio', ...args],
  env: { ...bareEnvironment(), ...env },
});

async function connect2025(wire: Wire): Promise<Peer> {
  const client = new Client2025(clientInfo);
  onTestFinished(() => client.close());
  const transport =
    'url' in wire
      ? new Http2025(new URL(wire.url), { requestInit: { headers: { ...wire.headers } } })
      : new Stdio2025({
          command: process.execPath,
          args: [...wire.args],
          env: { ...wire.env },
          stderr: 'ignore',
        });
  // Its own declarations disagree under exactOptionalPropertyTypes.
  const revision = watchRevision(transport as Transport2025);
  await client.connect(transport as Transport2025);
  return {
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    revision: revision(),
    close: () => client.close(),
    listTools: () => client.listTools(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: (uri) => client.readResource({ uri }),
    complete: (uri, name, value) =>
      client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } }),
    callTool: async (name, args = {}, { onProgress, signal } = {}) =>
      (await client.callTool({ name, arguments: args }, undefined, {
        ...(onProgress && { onprogress: onProgress }),
        ...(signal && { signal }),
      })) as ToolAnswer, // The other shape of the union is that of servers before 2024-11-05.
  };
}

/** This client tells what was agreed to its transport only. */
function watchRevision(transport: Transport2025): () => string | undefined {
  let agreed: string | undefined;
  const tell = transport.setProtocolVersion?.bind(transport);
  transport.setProtocolVersion = (version) => {
    agreed = version;
    tell?.(version);
  };
  return () => agreed;
}

async function connect2026(wire: Wire, mode: 'auto' | { pin: string } | undefined): Promise<Peer> {
  const client = new Client2026(clientInfo, mode === undefined ? {} : { versionNegotiation: { mode } });
  onTestFinished(() => client.close());
  const transport =
    'url' in wire
      ? new Http2026(new URL(wire.url), { requestInit: { headers: { ...wire.headers } } })
      : new Stdio2026({
          command: process.execPath,
          args: [...wire.args],
          env: { ...wire.env },
          stderr: 'ignore',
        });
  await client.connect(transport);
  return {
    serverInfo: client.getServerVersion(),
    capabilities: client.getServerCapabilities(),
    revision: client.getNegotiatedProtocolVersion(),
    close: () => client.close(),
    listTools: () => client.listTools(),
    listResourceTemplates: () => client.listResourceTemplates(),
    readResource: (uri) => client.readResource({ uri }),
    complete: (uri, name, value) =>
      client.complete({ ref: { type: 'ref/resource', uri }, argument: { name, value } }),
    callTool: (name, args = {}, { onProgress, signal } = {}) =>
      client.callTool(
        { name, arguments: args },
        { ...(onProgress && { onprogress: onProgress }), ...(signal && { signal }) },
      ),
  };
}
