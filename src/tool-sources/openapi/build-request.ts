import type { BoundRequest } from '../../downstream/bound-downstream.ts';
import { pathOf } from '../../downstream/path.ts';
import type { PathValue } from '../../downstream/path-value.ts';
import { AppError } from '../../errors.ts';
import { isNode } from '../../json-schema/node.ts';
import type { ApiOperation, Method, Parameter } from './list-operations.ts';
import type { Plan } from './plan.ts';

type Input = Readonly<Record<string, unknown>>;

/**
 * The request that the document describes for these arguments, without the organisation.
 *
 * @param slashes names of path parameters that accept `/`
 * @throws VALIDATION_ERROR for a value that would leave its path segment or header
 */
export function buildRequest(
  operation: ApiOperation,
  plan: Plan,
  input: Input,
  slashes: readonly string[],
): BoundRequest {
  const headers: Record<string, string> = {};
  const inPath = new Map<string, PathValue>();
  for (const { argument, parameter } of plan.arguments) {
    const value = input[argument];
    if (value === undefined) continue;
    if (parameter.in === 'path')
      inPath.set(parameter.name, {
        text: joined(parameter, value, ','),
        label: argument,
        mayHoldSlashes: slashes.includes(parameter.name),
      });
    else if (parameter.in === 'header')
      headers[parameter.name.toLowerCase()] = headerText(joined(parameter, value, ','));
  }
  return {
    method: methodOf(operation.method),
    path: pathOf(operation.path, (name) => inPath.get(name)),
    query: Object.fromEntries(queryOf(plan, input)),
    headers,
    body: plan.body === undefined ? undefined : input.body,
  };
}

/** The query by parameter name. The keys of an object value become names, or parts of names. */
export function queryOf(plan: Plan, input: Input): ReadonlyMap<string, readonly string[]> {
  // A Map, because callers choose the names: a plain object would give `__proto__` a meaning.
  const query = new Map<string, string[]>();
  for (const { argument, parameter } of plan.arguments) {
    const value = input[argument];
    if (value === undefined || parameter.in === 'path' || parameter.in === 'header') continue;
    for (const [name, text] of queryPairs(parameter, value)) {
      const texts = query.get(name);
      if (texts === undefined) query.set(name, [text]);
      else texts.push(text);
    }
  }
  return query;
}

export const methodOf = (method: Method): BoundRequest['method'] =>
  method.toUpperCase() as BoundRequest['method']; // `methods` has only these.

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

/** Requires printable ASCII: a line break would start another header. */
function headerText(text: string): string {
  if (/^[\x20-\x7e]*$/.test(text)) return text;
  throw new AppError('VALIDATION_ERROR', { message: 'A header holds printable ASCII characters alone.' });
}

const textOf = (value: unknown): string => (isObject(value) ? JSON.stringify(value) : String(value));

function joined({ isJson }: Parameter, value: unknown, separator: string): string {
  if (isJson) return JSON.stringify(value);
  if (Array.isArray(value)) return value.map(textOf).join(separator);
  if (isNode(value))
    return Object.entries(value)
      .flatMap(([key, inner]) => [key, textOf(inner)])
      .join(separator);
  return String(value);
}

/** How OpenAPI serializes query parameters: https://spec.openapis.org/oas/v3.1.1#style-values */
function queryPairs(parameter: Parameter, value: unknown): readonly (readonly [string, string])[] {
  const { name, style, explode, isJson } = parameter;
  if (isJson) return [[name, JSON.stringify(value)]];
  if (Array.isArray(value)) {
    if (explode && style === 'form') return value.map((item) => [name, textOf(item)]);
    const separator = style === 'spaceDelimited' ? ' ' : style === 'pipeDelimited' ? '|' : ',';
    return [[name, joined(parameter, value, separator)]];
  }
  if (!isNode(value)) return [[name, String(value)]];
  if (style === 'deepObject')
    return Object.entries(value).map(([key, inner]) => [`${name}[${key}]`, textOf(inner)]);
  if (explode) return Object.entries(value).map(([key, inner]) => [key, textOf(inner)]);
  return [[name, joined(parameter, value, ',')]];
}
