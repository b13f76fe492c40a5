import { z } from 'zod';
import type { InputIssue } from '../words/issue.ts';
import { zodIssues, zodWords } from '../words/zod-issues.ts';

export type Effect = 'reads' | 'writes' | 'destroys';

export type RestRoute = `${'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'} /${string}`;

/** A JSON Schema of draft 2020-12 whose root is an object. */
export type JsonSchema = { readonly type: 'object'; readonly [keyword: string]: unknown };

/** Whether an object of the schema may have the property. */
export const hasProperty = ({ properties }: JsonSchema, name: string): boolean =>
  typeof properties === 'object' && properties !== null && Object.hasOwn(properties, name);

/** The fields of every definition, for tools and operator tools alike. */
export type OperationDefinition<Input extends z.ZodObject, Output extends z.ZodObject> = {
  /** snake_case; the file's name in the same words. */
  readonly name: string;
  readonly title: string;
  /** Written for a model: what it gives, and when to use it. */
  readonly description: string;
  readonly effect: Effect;
  readonly rest?: RestRoute;
  /** Answers 201 on REST, but 200 where its output says `created: false`. */
  readonly creates?: boolean;
  /** A strict object: unknown arguments are refused, never dropped. */
  readonly input: Input;
  readonly output: Output;
};

/** `body` is undefined for an answer without one. */
type RestReply = { readonly status: number; readonly body: unknown };

export type ParsedInput =
  | { readonly ok: true; readonly data: Record<string, unknown> }
  | { readonly ok: false; readonly issues: readonly InputIssue[] };

/** A compiled definition: its types are resolved and its schemas converted, once. */
export type Operation = {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly effect: Effect;
  readonly rest: RestRoute | null;
  readonly creates: boolean;
  /** What a JSON body of a REST request is: the arguments, the one argument `body`, or nothing at all. */
  readonly restBody: 'arguments' | 'whole' | 'none';
  /** What REST answers in place of the output, where a platform's own answer is passed on. */
  readonly restReply: ((output: Readonly<Record<string, unknown>>) => RestReply) | null;
  /** The arguments as the definition declares them; nothing unknown passes. */
  readonly parseInput: (raw: Readonly<Record<string, unknown>>) => ParsedInput;
  /** What a handler gave, as the definition declares it. Throws for what does not fit. */
  readonly parseOutput: (handled: unknown) => Record<string, unknown>;
  readonly inputJsonSchema: JsonSchema;
  readonly outputJsonSchema: JsonSchema;
};

/** Throws at start where a schema cannot be shown to clients or is not strict. */
export function compileOperation(definition: OperationDefinition<z.ZodObject, z.ZodObject>): Operation {
  const { name, title, description, effect, rest, creates, input, output } = definition;
  const inputJsonSchema = toJsonSchema(input, 'input');
  if (inputJsonSchema.additionalProperties !== false) {
    throw new Error(`tool ${name}: input must be a z.strictObject`);
  }
  return {
    name,
    title,
    description,
    effect,
    rest: rest ?? null,
    creates: creates ?? false,
    restBody: 'arguments',
    restReply: null,
    parseInput: (raw) => parseBySchema(input, raw),
    parseOutput: (handled) => output.parse(handled),
    inputJsonSchema,
    outputJsonSchema: toJsonSchema(output, 'output'),
  };
}

function parseBySchema(schema: z.ZodObject, raw: unknown): ParsedInput {
  const parsed = schema.safeParse(raw, { error: zodWords });
  return parsed.success ? { ok: true, data: parsed.data } : { ok: false, issues: zodIssues(parsed.error) };
}

/** The HTTP status of an answer that went well. */
export const successStatus = (
  { creates }: Operation,
  output: Readonly<Record<string, unknown>> = {},
): 200 | 201 => (creates && output.created !== false ? 201 : 200);

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
