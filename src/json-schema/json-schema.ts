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
  // A validator that answers later has let everything pass by then.
  '$async',
]);

/** Places under which the keys are names of the document's, and not keywords. */
const namesBelow: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

const MOST_BYTES = 48 * 1024;

/**
 * A schema of the document that stands by itself: what it refers to comes along under `$defs`, and no object in it
 * has a property named `omit`. One that would be too large for a list of tools is cut at the depth at which it
 * fits; what is cut allows anything.
 */
export function standalone(document: Node, schema: unknown, omit: string): Node {
  const definitions = new Map<string, unknown>();
  const root = rewrite(schema, { document, definitions, names: new Map(), omit });
  const whole = definitions.size === 0 ? root : { ...asNode(root), $defs: Object.fromEntries(definitions) };
  if (sizeOf(whole) <= MOST_BYTES) return asNode(whole);
  return outline(asNode(whole), root, MOST_BYTES);
}

/**
 * The shape of a schema as deep as `mostBytes` and `mostDepth` allow, without words; below that it allows anything.
 * It refers to nothing, so that a validator has no more to do than it is long.
 */
export function outline(document: Node, schema: unknown, mostBytes: number, mostDepth = 4): Node {
  for (let depth = mostDepth; depth > 0; depth -= 1) {
    const budget = { left: mostBytes / LEAST_BYTES };
    const cut = asNode(prune(document, schema, depth, budget));
    if (budget.left >= 0 && sizeOf(cut) <= mostBytes) return cut;
  }
  return {};
}

/** No schema that is looked at adds less. */
const LEAST_BYTES = 8;
const VALIDATED_BYTES = 64 * 1024;
const VALIDATED_DEPTH = 10;

/** What values are held to: no deeper than a caller's nesting could make it dear, and nothing that is dear by itself. */
export const validated = (schema: Node): Node =>
  asNode(withoutDear(outline(schema, schema, VALIDATED_BYTES, VALIDATED_DEPTH)));

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

type Rewriting = {
  readonly document: Node;
  readonly definitions: Map<string, unknown>;
  /** By reference, its name under `$defs`. */
  readonly names: Map<string, string>;
  readonly omit: string;
};

function rewrite(value: unknown, rewriting: Rewriting): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, rewriting));
  if (!isNode(value)) return value;
  const reference = asText(value.$ref);
  if (reference !== undefined) return rewriteReference(reference, rewriting);
  return mapKeywords(withoutNamed(value, rewriting.omit), (inner) => rewrite(inner, rewriting));
}

function withoutNamed(schema: Node, name: string): Node {
  const { properties, required } = schema;
  if (!isNode(properties) || !Object.hasOwn(properties, name)) return schema;
  const { [name]: _gone, ...rest } = properties;
  const kept = Array.isArray(required) ? { required: required.filter((each) => each !== name) } : {};
  return { ...schema, properties: rest, ...kept };
}

/** Written once under `$defs`, however often it is referred to. */
function rewriteReference(reference: string, rewriting: Rewriting): unknown {
  const { document, definitions, names } = rewriting;
  const target = lookUp(document, reference);
  if (!isNode(target)) return {};
  const known = names.get(reference);
  if (known !== undefined) return { $ref: `#/$defs/${known}` };
  const name = freeName(reference, definitions);
  names.set(reference, name);
  definitions.set(name, {}); // Noted first, since it may refer to itself.
  definitions.set(name, rewrite(target, rewriting));
  return { $ref: `#/$defs/${name}` };
}

function freeName(reference: string, taken: ReadonlyMap<string, unknown>): string {
  const plain = reference.slice(reference.lastIndexOf('/') + 1).replaceAll(/[^A-Za-z0-9_.-]/g, '_');
  let name = plain;
  for (let count = 2; taken.has(name); count += 1) name = `${plain}_${count}`;
  return name;
}

function prune(document: Node, value: unknown, depth: number, budget: { left: number }): unknown {
  if (Array.isArray(value)) return value.map((item) => prune(document, item, depth, budget));
  if (!isNode(value)) return value;
  budget.left -= 1;
  if (depth === 0 || budget.left < 0) return {};
  const reference = asText(value.$ref);
  if (reference !== undefined) return prune(document, lookUp(document, reference), depth - 1, budget);
  return mapKeywords(value, (inner, keyword) =>
    keyword === 'description' || keyword === 'title'
      ? undefined
      : prune(document, inner, isNode(inner) ? depth - 1 : depth, budget),
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

/** Patterns may run for ever on what a caller sends, and telling all items apart takes the square of their number. */
const dear: ReadonlySet<string> = new Set(['pattern', 'patternProperties', 'uniqueItems']);

function withoutDear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDear);
  if (!isNode(value)) return value;
  return mapKeywords(value, (inner, keyword) => (dear.has(keyword) ? undefined : withoutDear(inner)));
}
