import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { clientKinds, type Peer, type ToolAnswer, type Wire } from '../../support/real-clients.ts';
import { type Agent, everythingIn, type Outcome, type RealClient } from './real-client.ts';

export const modules = join(import.meta.dirname, '../../../node_modules');

/** The version of an installed package, as its own file says it. */
export const versionOf = (name: string): string =>
  JSON.parse(readFileSync(join(modules, name, 'package.json'), 'utf8')).version;

const packages: Readonly<Record<string, readonly [row: string, name: string]>> = {
  'sdk 1.32': ['sdk-1', '@modelcontextprotocol/sdk'],
  'client 2.4 as it comes': ['client-2-default', '@modelcontextprotocol/client'],
  'client 2.4, auto': ['client-2-auto', '@modelcontextprotocol/client'],
  'client 2.4, pinned': ['client-2-pinned', '@modelcontextprotocol/client'],
};

/** Over HTTP the MCP 2026-07-28 client reads the challenge, which names the scopes, instead of the body, which names the code. */
const wordingOfToday = { INSUFFICIENT_SCOPE: /InsufficientScopeError .*key:write/ };

/** Both generations of the official client, in each of their modes. */
export const sdkClients = (transport: 'HTTP' | 'stdio', kinds = clientKinds): readonly RealClient[] =>
  kinds.map(({ label, era, connect }) => {
    const [row, name] = packages[label] ?? [label, label];
    return {
      name: `${row}-${transport.toLowerCase()}`,
      version: `${name} ${versionOf(name)}`,
      transport,
      era,
      ...(row !== 'sdk-1' && transport === 'HTTP' && { wording: wordingOfToday }),
      ...(row === 'client-2-pinned' &&
        transport === 'stdio' && { wordingWhenConnecting: /server\/discover/ }),
      open: async (wire: Wire) => agentOf(await connect(wire)),
    };
  });

/** A connected client as the sessions use it. */
export const agentOf = (peer: Peer): Agent => ({
  revision: peer.revision ?? null,
  async listTools() {
    return (await peer.listTools()).tools.map(({ name }) => name);
  },
  call: (tool, args = {}, onProgress) =>
    peer
      .callTool(tool, { ...args }, onProgress && { onProgress: ({ progress }) => onProgress(progress) })
      .then(outcomeOf, (error): Outcome => ({ kind: 'refused', says: everythingIn(error) })),
  async readResource(uri) {
    const { contents } = await peer.readResource(uri);
    return textOf(contents, uri);
  },
  async complete(uri, argument, typed) {
    return (await peer.complete(uri, argument, typed)).completion.values;
  },
  close: () => peer.close(),
});

/** What a tool's result means. */
export function outcomeOf({ isError, content, structuredContent }: ToolAnswer): Outcome {
  const text = content.map((part) => part.text ?? '').join('\n');
  if (isError) return { kind: 'failed', says: text, data: structuredContent };
  return { kind: 'answered', data: structuredContent, text };
}

/** @throws where it is not the one text that was asked for */
export function textOf(contents: readonly unknown[], uri: string): string {
  const [only] = contents;
  const isText = typeof only === 'object' && only !== null && 'text' in only && 'uri' in only;
  if (contents.length !== 1 || !isText || only.uri !== uri)
    throw new Error(`got ${JSON.stringify(contents)}`);
  return String(only.text);
}
