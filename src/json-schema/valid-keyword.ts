import { isNode } from './node.ts';

const types: ReadonlySet<unknown> = new Set([
  'string',
  'number',
  'integer',
  'boolean',
  'object',
  'array',
  'null',
]);

const isSchema = (value: unknown): boolean => isNode(value) || typeof value === 'boolean';
const isCount = (value: unknown): boolean => typeof value === 'number' && value >= 0;
const isNumber = (value: unknown): boolean => typeof value === 'number';
const isTexts = (value: unknown): boolean =>
  Array.isArray(value) && value.every((item) => typeof item === 'string');
const isSchemas = (value: unknown): boolean =>
  Array.isArray(value) && value.length > 0 && value.every(isSchema);

/**
 * The form of each keyword's value in JSON Schema 2020-12 (https://json-schema.org/draft/2020-12). Real documents have
 * malformed values, on which clients fail.
 */
const forms: Readonly<Record<string, (value: unknown) => boolean>> = {
  type: (value) =>
    Array.isArray(value) ? value.length > 0 && value.every((each) => types.has(each)) : types.has(value),
  properties: isNode,
  required: isTexts,
  enum: Array.isArray,
  items: isSchema,
  additionalProperties: isSchema,
  not: isSchema,
  allOf: isSchemas,
  anyOf: isSchemas,
  oneOf: isSchemas,
  minimum: isNumber,
  maximum: isNumber,
  exclusiveMinimum: isNumber,
  exclusiveMaximum: isNumber,
  multipleOf: (value) => typeof value === 'number' && value > 0,
  minLength: isCount,
  maxLength: isCount,
  minItems: isCount,
  maxItems: isCount,
  minProperties: isCount,
  maxProperties: isCount,
  uniqueItems: (value) => typeof value === 'boolean',
  description: (value) => typeof value === 'string',
  title: (value) => typeof value === 'string',
  format: (value) => typeof value === 'string',
  pattern: (value) => typeof value === 'string',
};

/** Whether a keyword's value has the form that the specification requires. Unknown keywords may have any value. */
export const isValidKeyword = (keyword: string, value: unknown): boolean => forms[keyword]?.(value) ?? true;
