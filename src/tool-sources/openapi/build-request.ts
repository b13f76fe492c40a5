import type { BoundRequest } from '../downstream/bound-downstream.ts';
import { type Path, pathOf } from '../downstream/path.ts';
import { AppError } from '../errors.ts';
import { isNode } from '../json-schema/node.ts';
import type { ApiOperation, Method, Parameter } from './list-operations.ts';
import type { Plan } from './plan.ts';

type Input = Readonly<Record<string, unknown>>;

/**
 * The request that the document describes for these arguments. The organisation is not in it yet.
 *
 * @throws VALIDATION_ERROR for a value that would leave its segment
 */
export function buildRequest(operation: ApiOperation, plan: Plan, input: Input): BoundRequest {
  // Not an object: a caller may spread any name over the query.
  const query = new Map<string, string[]>();
  const headers: Record<string, string> = {};
  const inPath = new Map<string, string>();
  for (const { argument, parameter } of plan.arguments) {
    const value = input[argument];
    if (value === undefined) continue;
    if (parameter.in === 'path') inPath.set(parameter.name, joined(parameter, value, ','));
    else if (parameter.in === 'header')
      headers[parameter.name.toLowerCase()] = headerText(joined(parameter, value, ','));
    else {
      for (const [name, text] of queryPairs(parameter, value)) {
        const texts = query.get(name);
        if (texts === undefined) query.set(name, [text]);
        else texts.push(text);
      }
    }
  }
  return {
    method: methodOf(operation.method),
    path: pathFor(operation.path, inPath),
    query: Object.fromEntries(query),
    headers,
    body: plan.body === undefined ? undefined : input.body,
  };
}

export const methodOf = (method: Method): BoundRequest['method'] =>
  method.toUpperCase() as BoundRequest['method']; // `methods` has these alone.

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;

function pathFor(template: string, values: ReadonlyMap<string, string>): Path {
  return pathOf(template, (name) => values.get(name));
}

/** One line of visible characters: anything else would be another header. */
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

/** https://spec.openapis.org/oas/v3.1.1#style-values */
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
