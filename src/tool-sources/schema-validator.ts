import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema, ParsedInput } from '../tool/operation.ts';
import { schemaIssues } from '../words/schema-issues.ts';

/** A validator that is compiled on first use: few of many tools are called. `schema` must return a valid schema. */
export function lazyValidator(schema: () => object): () => ValidateFunction {
  let compiled: ValidateFunction | undefined;
  return () => {
    compiled ??= new Ajv2020({
      strict: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
      // Errors then include the schema, from which the message lists the allowed fields.
      verbose: true,
    }).compile(schema());
    return compiled;
  };
}

/** Validates arguments. Issues say where the arguments are wrong, and never repeat their values. */
export function parseBySchema(
  raw: Readonly<Record<string, unknown>>,
  isValid: ValidateFunction,
): ParsedInput {
  if (isValid(raw) === true) return { ok: true, data: { ...raw } };
  return { ok: false, issues: schemaIssues(isValid.errors ?? []) };
}

/** The schema that a tool shows: an object that refuses unknown properties unless it allows them itself. */
export const closedSchema = (schema: Readonly<Record<string, unknown>>): JsonSchema => ({
  ...schema,
  type: 'object',
  additionalProperties: schema.additionalProperties ?? false,
});
