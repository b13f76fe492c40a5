import { asList, isNode, type Node, resolve } from './node.ts';

/** A property of an object schema. */
export type Property = { readonly name: string; readonly schema: unknown; readonly required: boolean };

const MOST_DEPTH = 5;
const MOST_PROPERTIES = 2_000;

/** The properties of the top-level object, including those in `allOf`, `anyOf` and `oneOf`. */
export function propertiesOf(document: Node, schema: unknown): readonly Property[] {
  const found: Property[] = [];
  collect(document, schema, found, 0);
  return found;
}

function collect(document: Node, schema: unknown, found: Property[], depth: number): void {
  const node = resolve(document, schema);
  const required = new Set(asList(node.required));
  if (isNode(node.properties)) {
    for (const [name, property] of Object.entries(node.properties)) {
      if (found.length >= MOST_PROPERTIES) return;
      found.push({ name, schema: property, required: required.has(name) });
    }
  }
  if (depth > MOST_DEPTH) return;
  for (const keyword of ['allOf', 'anyOf', 'oneOf']) {
    for (const part of asList(node[keyword])) collect(document, part, found, depth + 1);
  }
}

/** Whether the schema may describe a JSON object. */
export function allowsObject(document: Node, schema: unknown): boolean {
  const { type, properties } = resolve(document, schema);
  return type === undefined || properties !== undefined || [type].flat().includes('object');
}

/** Whether the schema may describe a string. */
export function allowsText(document: Node, schema: unknown): boolean {
  if (typeof schema === 'boolean') return schema;
  const { type } = resolve(document, schema);
  return type === undefined || [type].flat().includes('string');
}
