import { asNode, asText, isNode, lookUp, type Node } from './node.ts';
import { withoutDefaultedRequired } from './required-defaults.ts';
import { isValidKeyword } from './valid-keyword.ts';

/** Keywords without meaning for validators and models, and those of OpenAPI alone. */
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
  // An asynchronous validator would let everything pass before it answers.
  '$async',
]);

/** Keywords whose keys are names, not keywords. */
const namesBelow: ReadonlySet<string> = new Set([
  'properties',
  'patternProperties',
  '$defs',
  'definitions',
  'dependentSchemas',
]);

const MOST_BYTES = 48 * 1024;

/**
 * A self-contained copy of a schema: its references become `$defs`, properties for which `isOmitted` is true are
 * removed, and a property with a default is not required. Beyond `MOST_BYTES` the copy is cut at the deepest level that
 * fits; below the cut anything is allowed.
 */
export function standalone(document: Node, schema: unknown, isOmitted: (name: string) => boolean): Node {
  const definitions = new Map<string, unknown>();
  const root = rewrite(schema, { document, definitions, names: new Map(), isOmitted });
  const whole = definitions.size === 0 ? root : { ...asNode(root), $defs: Object.fromEntries(definitions) };
  if (sizeOf(whole) <= MOST_BYTES) return asNode(whole);
  return outline(asNode(whole), root, MOST_BYTES);
}

/**
 * The shape of a schema within `mostBytes` and `mostDepth`, without texts; below that it allows anything. It has no
 * references, so validating takes time in proportion to its length.
 */
export function outline(document: Node, schema: unknown, mostBytes: number, mostDepth = 4): Node {
  for (let depth = mostDepth; depth > 0; depth -= 1) {
    const budget = { left: mostBytes / LEAST_BYTES };
    const cut = asNode(prune(document, schema, depth, budget));
    if (budget.left >= 0 && sizeOf(cut) <= mostBytes) return cut;
  }
  return {};
}

/** Lower bound for the bytes of one subschema. */
const LEAST_BYTES = 8;
const VALIDATED_BYTES = 64 * 1024;
const VALIDATED_DEPTH = 10;

/**
 * The schema that values are validated against: limited in depth, without keywords whose cost a caller could drive up.
 */
export const validated = (schema: Node): Node =>
  asNode(withoutDear(outline(schema, schema, VALIDATED_BYTES, VALIDATED_DEPTH)));

const sizeOf = (value: unknown): number => JSON.stringify(value).length;

type Rewriting = {
  readonly document: Node;
  readonly definitions: Map<string, unknown>;
  /** Names under `$defs`, by reference. */
  readonly names: Map<string, string>;
  readonly isOmitted: (name: string) => boolean;
};

function rewrite(value: unknown, rewriting: Rewriting): unknown {
  if (Array.isArray(value)) return value.map((item) => rewrite(item, rewriting));
  if (!isNode(value)) return value;
  const reference = asText(value.$ref);
  if (reference !== undefined) return rewriteReference(reference, rewriting);
  const asked = withoutDefaultedRequired(rewriting.document, withoutNamed(value, rewriting.isOmitted));
  return mapKeywords(asked, (inner) => rewrite(inner, rewriting));
}

function withoutNamed(schema: Node, isOmitted: (name: string) => boolean): Node {
  const { properties, required } = schema;
  if (!isNode(properties) || !Object.keys(properties).some(isOmitted)) return schema;
  const rest = Object.fromEntries(Object.entries(properties).filter(([name]) => !isOmitted(name)));
  const isKept = (name: unknown) =>
    typeof name !== 'string' || !isOmitted(name) || !Object.hasOwn(properties, name);
  return {
    ...schema,
    properties: rest,
    ...(Array.isArray(required) && { required: required.filter(isKept) }),
  };
}

/** Each referenced schema is written once under `$defs`. */
function rewriteReference(reference: string, rewriting: Rewriting): unknown {
  const { document, definitions, names } = rewriting;
  const target = lookUp(document, reference);
  if (!isNode(target)) return {};
  const known = names.get(reference);
  if (known !== undefined) return { $ref: `#/$defs/${known}` };
  const name = freeName(reference, definitions);
  names.set(reference, name);
  definitions.set(name, {}); // Reserved first: the schema may refer to itself.
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

/** Applies `map` to the value of each valid keyword; under `properties` and the like, to the schema of each name. */
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

/** Keywords with unbounded cost: a pattern may backtrack without end, and uniqueItems compares every pair. */
const dear: ReadonlySet<string> = new Set(['pattern', 'patternProperties', 'uniqueItems']);

function withoutDear(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutDear);
  if (!isNode(value)) return value;
  return mapKeywords(value, (inner, keyword) => (dear.has(keyword) ? undefined : withoutDear(inner)));
}
