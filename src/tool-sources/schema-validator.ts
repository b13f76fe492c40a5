import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import type { JsonSchema, ParsedInput } from './operation.ts';

/** Compiled at its first use: of a thousand tools a few are called. What `schema` gives was checked by whoever made it. */
export function lazyValidator(schema: () => object): () => ValidateFunction {
  let compiled: ValidateFunction | undefined;
  return () => {
    compiled ??= new Ajv2020({
      strict: false,
      validateFormats: false,
      validateSchema: false,
      logger: false,
    }).compile(schema());
    return compiled;
  };
}

/** Arguments by a JSON Schema; says where they are wrong, never what was sent. */
export function parseBySchema(
  raw: Readonly<Record<string, unknown>>,
  isValid: ValidateFunction,
): ParsedInput {
  if (isValid(raw) === true) return { ok: true, data: { ...raw } };
  const issues = (isValid.errors ?? []).map(({ instancePath, message, params }) => {
    const extra = typeof params.additionalProperty === 'string' ? `: "${params.additionalProperty}"` : '';
    return {
      path: instancePath.slice(1).replaceAll('/', '.'),
      expected: `${message ?? 'is not valid'}${extra}`,
    };
  });
  return { ok: false, issues };
}

/** A schema as a tool shows it: an object at its root, and closed unless it says otherwise. */
export const closedSchema = (schema: Readonly<Record<string, unknown>>): JsonSchema => ({
  ...schema,
  type: 'object',
  additionalProperties: schema.additionalProperties ?? false,
});
