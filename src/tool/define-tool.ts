import { z } from 'zod';
import type { Caller } from '../caller.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { ToolContext } from './tool-context.ts';

export type Effect = 'reads' | 'writes' | 'destroys';

/** What a tool is. One definition makes the MCP tool, the REST route and its place in the document. */
export type ToolDefinition<Input extends z.ZodObject, Output extends z.ZodObject> = {
  /** snake_case; the file's name in the same words. */
  readonly name: string;
  readonly title: string;
  /** Written for a model: what it gives, and when to use it. */
  readonly description: string;
  /** The scope that a caller needs; `any` asks for a verified caller and no scope. */
  readonly scope: Scope | 'any';
  readonly effect: Effect;
  readonly rest?: RestRoute;
  /** Where it shows; both MCP and REST when left out. */
  readonly faces?: 'rest' | 'mcp';
  /** Answers 201 on REST. */
  readonly creates?: boolean;
  /** Longest run in seconds; the configuration's `limits.toolTimeoutSeconds` when left out. */
  readonly timeoutSeconds?: number;
  /** Values the arguments may hold; the configuration's `limits.maxInputElements` when left out. */
  readonly maxInputElements?: number;
  /** A strict object: unknown arguments are refused, never dropped. */
  readonly input: Input;
  readonly output: Output;
  /** Refusals that come before the arguments are judged, such as `requireMintRole`. */
  precheck?(rawArguments: Readonly<Record<string, unknown>>, me: Caller): void;
  handle(input: z.output<Input>, context: ToolContext): Promise<z.input<Output>>;
};

export type RestRoute = `${'GET' | 'POST' | 'PATCH' | 'DELETE'} /${string}`;

/** A definition as the program keeps it: its types settled, its schemas converted, once. */
export type Tool = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly scope: Scope | 'any';
  readonly effect: Effect;
  readonly rest: RestRoute | null;
  readonly onMcp: boolean;
  readonly creates: boolean;
  readonly timeoutSeconds: number | null;
  readonly maxInputElements: number | null;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  readonly inputJsonSchema: JsonSchema;
  readonly outputJsonSchema: JsonSchema;
  readonly precheck: (rawArguments: Readonly<Record<string, unknown>>, me: Caller) => void;
  readonly handle: (input: unknown, context: ToolContext) => Promise<unknown>;
};

/** A JSON Schema of draft 2020-12 whose root is an object. */
export type JsonSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** Defines a tool. Throws at start where a schema cannot be shown to clients or is not strict. */
export function defineTool<Input extends z.ZodObject, Output extends z.ZodObject>(
  definition: ToolDefinition<Input, Output>,
): Tool {
  const inputJsonSchema = toJsonSchema(definition.input, 'input');
  if (inputJsonSchema.additionalProperties !== false) {
    throw new Error(`tool ${definition.name}: input must be a z.strictObject`);
  }
  return Object.freeze({
    name: definition.name,
    title: definition.title,
    description: definition.description,
    scope: definition.scope,
    effect: definition.effect,
    rest: definition.rest ?? null,
    onMcp: definition.faces !== 'rest',
    creates: definition.creates ?? false,
    timeoutSeconds: definition.timeoutSeconds ?? null,
    maxInputElements: definition.maxInputElements ?? null,
    input: definition.input,
    output: definition.output,
    inputJsonSchema,
    outputJsonSchema: toJsonSchema(definition.output, 'output'),
    precheck: definition.precheck ?? (() => {}),
    // Only callTool calls it, and only with what this tool's own input schema made.
    handle: definition.handle as Tool['handle'],
  });
}

/** Formats that clients know; any other makes them warn, and says no more than the description. */
const knownFormats = new Set(['date-time', 'ipv4', 'ipv6', 'uri', 'email', 'uuid']);

function toJsonSchema(schema: z.ZodObject, io: 'input' | 'output'): JsonSchema {
  const { $schema, ...rest } = z.toJSONSchema(schema, {
    target: 'draft-2020-12',
    io,
    override({ jsonSchema }) {
      if (jsonSchema.format === undefined) return;
      // A format says it all; the pattern behind it is long, and every client would read it on every list.
      delete jsonSchema.pattern;
      if (!knownFormats.has(jsonSchema.format)) delete jsonSchema.format;
    },
  });
  return { ...rest, type: 'object' };
}
