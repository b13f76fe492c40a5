import type { Tool } from '../define-tool.ts';
import type { Registry } from '../registry.ts';
import { type CompiledResource, idIn } from '../tool-resource.ts';
import type { RawArguments } from './parse-arguments.ts';

/** A call of a tool, as a message asks for it. */
export type WantedCall = { readonly tool: Tool; readonly arguments: RawArguments };

/** What a client wants to be offered: values for one argument of a template, by what was typed so far. */
export type Completion = { readonly uri: string; readonly argument: string; readonly typed: string };

type ToolWithResource = Tool & { readonly resource: CompiledResource };

export const hasResource = (tool: Tool): tool is ToolWithResource => tool.resource !== null && tool.onMcp;

/** The call that reads `uri`; undefined where no tool gives such things. */
export function readingCall(uri: string, tools: Registry): WantedCall | undefined {
  for (const tool of tools.all.filter(hasResource)) {
    const id = idIn(uri, tool.resource);
    if (id !== undefined) return { tool, arguments: { [tool.resource.argument]: id } };
  }
  return undefined;
}

const MOST_VALUES = 100;

/** The call that finds what to offer; undefined where there is no such template or argument. */
export function completingCall(
  { uri, argument, typed }: Completion,
  tools: Registry,
): WantedCall | undefined {
  const resource = resourceOf(uri, argument, tools);
  if (resource === undefined) return undefined;
  const { tool, search } = resource.completion;
  const searched = search === undefined || typed === '' ? {} : { [search]: typed };
  return { tool: tools.find(tool), arguments: { ...searched, limit: MOST_VALUES } };
}

/** The ids to offer, out of what that call gave. */
export function completedIds(wanted: Completion | undefined, output: RawArguments, tools: Registry) {
  const { uri = '', argument = '', typed = '' } = wanted ?? {};
  const completion = resourceOf(uri, argument, tools)?.completion;
  const rows: unknown = output[completion?.rows ?? ''];
  const found = Array.isArray(rows) ? (rows as readonly RawArguments[]) : [];
  const matching = completion?.search === undefined ? rowsTyped(typed, found, argument) : found;
  return {
    values: matching.map((row) => String(row[argument])),
    hasMore: typeof output.next_cursor === 'string',
  };
}

const resourceOf = (uri: string, argument: string, tools: Registry): CompiledResource | undefined =>
  tools.all
    .filter(hasResource)
    .map(({ resource }) => resource)
    .find((each) => each.uri === uri && each.argument === argument);

function rowsTyped(typed: string, rows: readonly RawArguments[], argument: string): readonly RawArguments[] {
  const words = typed.toLowerCase();
  return rows.filter(
    (row) =>
      String(row[argument]).startsWith(typed) ||
      String(row.name ?? '')
        .toLowerCase()
        .includes(words),
  );
}
