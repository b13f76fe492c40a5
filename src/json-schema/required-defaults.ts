import { asList, asNode, isNode, type Node, resolve } from './node.ts';

const DEEPEST = 12;

/** The schema without requiring properties that have a default. */
export function withoutDefaultedRequired(document: Node, schema: Node): Node {
  const { required, properties } = schema;
  if (!Array.isArray(required) || !isNode(properties)) return schema;
  const kept = required.filter((name) => defaultOf(document, ownProperty(properties, name)) === undefined);
  return kept.length === required.length ? schema : { ...schema, required: kept };
}

/**
 * `value` with the default of each property that `schema` requires and `value` lacks, so that the request fits the
 * document. Names for which `isSkipped` is true stay out.
 */
export function withRequiredDefaults(
  document: Node,
  schema: unknown,
  value: unknown,
  isSkipped: (name: string) => boolean,
): unknown {
  return withDefaults(schema, value, { document, isSkipped, depth: DEEPEST });
}

type Filling = {
  readonly document: Node;
  readonly isSkipped: (name: string) => boolean;
  readonly depth: number;
};

function withDefaults(schema: unknown, value: unknown, { document, isSkipped, depth }: Filling): unknown {
  const node = resolve(document, schema);
  const fill = (inner: unknown, of: unknown) =>
    withDefaults(of, inner, { document, isSkipped, depth: depth - 1 });
  if (depth === 0) return value;
  if (Array.isArray(value))
    return node.items === undefined ? value : value.map((item) => fill(item, node.items));
  if (!isNode(value) || !isNode(node.properties)) return value;
  const { properties } = node;
  const given = Object.entries(value).map(([name, inner]) => [
    name,
    fill(inner, ownProperty(properties, name)),
  ]);
  const added = asList(node.required).flatMap((name) => {
    if (typeof name !== 'string' || Object.hasOwn(value, name) || isSkipped(name)) return [];
    const filled = defaultOf(document, ownProperty(properties, name));
    return filled === undefined ? [] : [[name, filled]];
  });
  return added.length === 0 && given.every(([name, inner]) => inner === value[String(name)])
    ? value
    : Object.fromEntries([...given, ...added]);
}

const ownProperty = (properties: Node, name: unknown): unknown =>
  typeof name === 'string' && Object.hasOwn(properties, name) ? properties[name] : undefined;

/** The default beside a schema's reference, or behind it; undefined for none. */
export const defaultOf = (document: Node, schema: unknown): unknown =>
  asNode(schema).default ?? resolve(document, schema).default;
