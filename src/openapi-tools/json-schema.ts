import { asNode, asText, isNode, lookUp, type Node } from './node.ts';
import { isValidKeyword } from './valid-keyword.ts';

/** Keywords that say nothing to a validator or a model, or are OpenAPI's own. */
const dropped: ReadonlySet<string> = new Set([
  'discriminator',
  'xml',
  'externalDocs',
  'example',
  'examples',
  '$schema',
  '$id',
  '$anchor',
  '$comment',
  'nullable',
]);

/** Places under which the keys are names of the document's, and not keywords. */
const namesBelow: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

const SCHEMAS = '#/components/schemas/';
const MOST_BYTES = 48 * 1024;

/**
 * A schema of the document that stands by itself: what it refers to comes along under `$defs`, and no object in it
 * has a property named `omit`. One that would be too large for a list of tools is cut at the depth at which it
 * fits; what is cut allows anything.
 */
export function standalone(document: Node, schema: unknown, omit: string): Node {
  const definitions = new Map<string, unknown>();
  const root = rewrite(schema, { document, definitions, omit }, 0);
  const whole = definitions.size === 0 ? root : { ...asNode(root), $defs: Object.fromEntries(definitions) };
  if (sizeOf(whole) <= MOST_BYTES) return asNode(whole);
  return outline(asNode(whole), root, MOST_BYTES);
}

/** The shape of a schema as deep as `mostBytes` allow, without words; below that it allows anything. */
export function outline(document: Node, schema: unknown, mostBytes: number): Node {
  for (let depth = 4; depth > 0; depth -= 1) {
    const cut = asNode(prune(document, schema, depth));
    if (sizeOf(cut) <= mostBytes) return cut;
  }
  return {};
}

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

type Rewriting = {
  readonly document: Node;
  readonly definitions: Map<string, unknown>;
  readonly omit: string;
};

function rewrite(value: unknown, rewriting: Rewriting, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, rewriting, depth));
  if (!isNode(value)) return value;
  const reference = asText(value.$ref);
  if (reference !== undefined) return rewriteReference(reference, rewriting, depth);
  return mapKeywords(withoutNamed(value, rewriting.omit), (inner) => rewrite(inner, rewriting, depth));
}

function withoutNamed(schema: Node, name: string): Node {
  const { properties, required } = schema;
  if (!isNode(properties) || !Object.hasOwn(properties, name)) return schema;
  const { [name]: _gone, ...rest } = properties;
  const kept = Array.isArray(required) ? { required: required.filter((each) => each !== name) } : {};
  return { ...schema, properties: rest, ...kept };
}

function rewriteReference(reference: string, rewriting: Rewriting, depth: number): unknown {
  const { document, definitions } = rewriting;
  const target = lookUp(document, reference);
  if (!isNode(target) || depth > 8) return {};
  // Anything but a named schema is written out where it is used.
  if (!reference.startsWith(SCHEMAS)) return rewrite(target, rewriting, depth + 1);
  const name = reference.slice(SCHEMAS.length).replaceAll(/[^A-Za-z0-9_.-]/g, '_');
  if (!definitions.has(name)) {
    definitions.set(name, {}); // Noted first, since it may refer to itself.
    definitions.set(name, rewrite(target, rewriting, depth));
  }
  return { $ref: `#/$defs/${name}` };
}

function prune(document: Node, value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(document, item, depth));
  if (!isNode(value)) return value;
  if (depth === 0) return {};
  const reference = asText(value.$ref);
  if (reference !== undefined) return prune(document, lookUp(document, reference), depth - 1);
  return mapKeywords(value, (inner, keyword) =>
    keyword === 'description' || keyword === 'title'
      ? undefined
      : prune(document, inner, isNode(inner) ? depth - 1 : depth),
  );
}

/** The keywords of a schema, each mapped; below `properties` and its like the schemas of the names are mapped. */
function mapKeywords(schema: Node, map: (inner: unknown, keyword: string) => unknown): Node {
  const mapped: Record<string, unknown> = {};
  for (const [keyword, inner] of Object.entries(schema)) {
    if (dropped.has(keyword) || keyword.startsWith('x-') || !isValidKeyword(keyword, inner)) continue;
    const value = namesBelow.has(keyword) && isNode(inner) ? mapNames(inner, map) : map(inner, keyword);
    if (value !== undefined) mapped[keyword] = value;
  }
  return mapped;
}

const mapNames = (schemas: Node, map: (inner: unknown, keyword: string) => unknown): Node =>
  Object.fromEntries(Object.entries(schemas).map(([name, schema]) => [name, map(schema, '')]));

/** The same without patterns: they come from a document, and must not be run over what a caller sends. */
export function withoutPatterns(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutPatterns);
  if (!isNode(value)) return value;
  return mapKeywords(value, (inner, keyword) => {
    if (keyword === 'pattern' || keyword === 'patternProperties') return undefined;
    return withoutPatterns(inner);
  });
}
