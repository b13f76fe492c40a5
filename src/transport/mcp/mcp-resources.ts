import type { Server, ServerContext } from '@modelcontextprotocol/server';
import type { ToolOutput } from '../tool/call-tool.ts';
import { mayCall } from '../tool/gate.ts';
import type { Registry } from '../tool/registry.ts';
import { completedIds, hasResource } from '../tool/resource-calls.ts';
import { completionIn } from './completion.ts';
import type { Exchange } from './exchange.ts';

/** Makes the call that the gate found in the message about `uri`. @throws every failure, as a JSON-RPC error */
export type CallOf = (exchange: Exchange, context: ServerContext, uri: string) => Promise<ToolOutput>;

export type ResourceDeps = { readonly tools: Registry; readonly callOf: CallOf };

/** Reads and completions are calls of tools, which the gate has looked up; there is no other way to a resource. */
export function serveResources(
  server: Server,
  exchangeOf: (context: ServerContext) => Exchange,
  { tools, callOf }: ResourceDeps,
): void {
  server.registerCapabilities({ resources: { listChanged: false, subscribe: false }, completions: {} });
  // Things are found by the tools that search and list them; a client would fetch such a list whole.
  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', (_request, context) => ({
    resourceTemplates: templatesFor(exchangeOf(context), tools),
  }));
  server.setRequestHandler('resources/read', async ({ params }, context) => {
    const output = await callOf(exchangeOf(context), context, params.uri);
    return { contents: [{ uri: params.uri, mimeType: 'application/json', text: JSON.stringify(output) }] };
  });
  server.setRequestHandler('completion/complete', async ({ params }, context) => {
    const completion = completionIn(params);
    const output = await callOf(exchangeOf(context), context, completion?.uri ?? '');
    return { completion: completedIds(completion, output, tools) };
  });
}

/** What the caller may read, by the predicate that also decides reading. */
const templatesFor = ({ caller }: Exchange, tools: Registry) =>
  tools.all.filter(hasResource).flatMap((tool) => {
    const { resource } = tool;
    if (!mayCall(caller, tool)) return [];
    const { uri, title, description, start } = resource;
    const name = start.replace('://', '');
    return [{ uriTemplate: uri, name, title, description, mimeType: 'application/json' }];
  });
