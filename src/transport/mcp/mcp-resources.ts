import type { Server, ServerContext } from '@modelcontextprotocol/server';
import type { ToolOutput } from '../../tool/call/call-tool.ts';
import { mayCall } from '../../tool/call/require-scope.ts';
import { completedIds, hasResource } from '../../tool/call/resource-calls.ts';
import type { Registry } from '../../tool/registry.ts';
import type { RequestContext } from '../http/request-context.ts';
import { completionIn } from './completion.ts';

/** Makes the call that the gate found in the message about `uri`. @throws every failure, as a JSON-RPC error */
export type CallOf = (
  requestContext: RequestContext,
  context: ServerContext,
  uri: string,
) => Promise<ToolOutput>;

type ResourceDeps = { readonly tools: Registry; readonly callOf: CallOf };

/** Reads and completions are calls of tools, which the gate has looked up; there is no other way to a resource. */
export function serveResources(
  server: Server,
  contextOf: (context: ServerContext) => RequestContext,
  { tools, callOf }: ResourceDeps,
): void {
  server.registerCapabilities({ resources: { listChanged: false, subscribe: false }, completions: {} });
  // Things are found by the tools that search and list them; a client would fetch such a list whole.
  server.setRequestHandler('resources/list', () => ({ resources: [] }));
  server.setRequestHandler('resources/templates/list', (_request, context) => ({
    resourceTemplates: templatesFor(contextOf(context), tools),
  }));
  server.setRequestHandler('resources/read', async ({ params }, context) => {
    const output = await callOf(contextOf(context), context, params.uri);
    return { contents: [{ uri: params.uri, mimeType: 'application/json', text: JSON.stringify(output) }] };
  });
  server.setRequestHandler('completion/complete', async ({ params }, context) => {
    const completion = completionIn(params);
    const output = await callOf(contextOf(context), context, completion?.uri ?? '');
    return { completion: completedIds(completion, output, tools) };
  });
}

/** The templates that the caller may read, by the predicate that also decides reading. */
const templatesFor = ({ principal }: RequestContext, tools: Registry) =>
  tools.all.filter(hasResource).flatMap((tool) => {
    const { resource } = tool;
    if (!mayCall(principal, tool)) return [];
    const { uri, title, description, start } = resource;
    const name = start.replace('://', '');
    return [{ uriTemplate: uri, name, title, description, mimeType: 'application/json' }];
  });
