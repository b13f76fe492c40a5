import { type Effect, hasProperty, type JsonSchema } from './operation.ts';

/**
 * One thing that a tool gives by its id, as an MCP resource. To read it is to call the tool, so that scope,
 * restrictions, organisation and audit are the tool's.
 */
export type ToolResource = {
  /** The tool's one required argument as the whole of a URI: `agent://{agent_id}`. */
  readonly uri: string;
  readonly title: string;
  readonly description: string;
  /** The tool that offers ids to choose from, under its own scope. */
  readonly completion: {
    readonly tool: string;
    /** The array of its output; each row holds the id under the name of the argument. */
    readonly rows: string;
    /** Its argument for words; without one the newest rows are matched by id and name. */
    readonly search?: string;
  };
};

/** A resource with its parsed template: `start` is the text before the id. */
export type CompiledResource = ToolResource & { readonly start: string; readonly argument: string };

const TEMPLATE = /^([a-z][a-z0-9]*:\/\/)\{([a-z_]+)\}$/;
/** RFC 6570 section 3.2.2: the client that expands the template percent-encodes all other characters. */
const EXPANDED = /^(?:[\w.~-]|%[0-9A-Fa-f]{2})+$/;

/** Throws at start where the template is none, names an argument that the tool does not have, or reading would act. */
export function compileResource(
  tool: string,
  resource: ToolResource,
  input: JsonSchema,
  effect: Effect,
): CompiledResource {
  if (effect !== 'reads') throw new Error(`tool ${tool}: expected a resource on a tool that only reads`);
  const [, start = '', argument = ''] = TEMPLATE.exec(resource.uri) ?? [];
  if (!hasProperty(input, argument)) {
    throw new Error(`tool ${tool}: expected a resource such as thing://{argument}, got "${resource.uri}"`);
  }
  return { ...resource, start, argument };
}

/** The value that `uri` gives to the argument; undefined where it is of another template. */
export function idIn(uri: string, { start }: CompiledResource): string | undefined {
  if (!uri.startsWith(start)) return undefined;
  const expanded = uri.slice(start.length);
  // Unlike decodeURIComponent this replaces bytes that are not UTF-8; no id contains the replacement.
  return EXPANDED.test(expanded) ? (new URLSearchParams(`id=${expanded}`).get('id') ?? undefined) : undefined;
}
