import { asList, asNode, asText, isNode, lookUp, type Node } from '../../json-schema/node.ts';

type Values = Readonly<Record<string, unknown>>;

const DEEPEST = 12;
/** Places of a schema that are looked at in one call: what others wrote may refer to itself without end. */
const MOST_PLACES = 1000;

/** A schema whose references lead into `root`, and how much more of it may be looked at. */
type Reader = { readonly root: Node; left: number };

/** In the body of somebody else's platform a null may be a command: there the arguments alone are looked at. */
type Depth = 'arguments' | 'deep';

/**
 * Removes each null that means nothing: where `schema` has the property, does not require it, and allows no
 * null in it. Clients send such a null for an argument that they leave out. The schema decides on every other null.
 */
export const withoutNulls = (value: Values, schema: Node, depth: Depth): Values => {
  if (!holdsNull(value, DEEPEST)) return value;
  return asNode(strip(value, schema, { root: schema, left: MOST_PLACES }, depth === 'deep' ? DEEPEST : 1));
};

function strip(value: unknown, schema: unknown, reader: Reader, depth: number): unknown {
  if (depth === 0 || typeof value !== 'object' || value === null) return value;
  const parts = partsOf(schema, reader);
  if (Array.isArray(value)) {
    const [items] = parts.map((part) => part.items).filter((each) => each !== undefined);
    return items === undefined ? value : value.map((item) => strip(item, items, reader, depth - 1));
  }
  const kept = Object.entries(value).filter(
    ([name, inner]) => inner !== null || !isLeftOut(name, parts, reader),
  );
  return Object.fromEntries(
    kept.map(([name, inner]) => {
      const [property] = propertiesOf(parts, name);
      return [name, property === undefined ? inner : strip(inner, property, reader, depth - 1)];
    }),
  );
}

/** Whether a null under `name` can only mean that there is no value. */
function isLeftOut(name: string, parts: readonly Node[], reader: Reader): boolean {
  if (parts.some((part) => asList(part.required).includes(name))) return false;
  const properties = propertiesOf(parts, name);
  return properties.length > 0 && properties.some((property) => !allowsNull(property, reader));
}

const propertiesOf = (parts: readonly Node[], name: string): readonly unknown[] =>
  parts.flatMap(({ properties }) =>
    isNode(properties) && Object.hasOwn(properties, name) ? [properties[name]] : [],
  );

/** The schemas that all hold for a value: the schema itself, those of `allOf`, and the one alternative besides null. */
function partsOf(schema: unknown, reader: Reader): readonly Node[] {
  const node = read(schema, reader);
  if (node === undefined) return [];
  const alternatives = [...asList(node.anyOf), ...asList(node.oneOf)].filter(
    (each) => asNode(each).type !== 'null',
  );
  const further = [...asList(node.allOf), ...(alternatives.length === 1 ? alternatives : [])];
  return [node, ...further.flatMap((each) => partsOf(each, reader))];
}

/** Whether null is a value there. The schema decides unclear cases. */
function allowsNull(schema: unknown, reader: Reader): boolean {
  const node = read(schema, reader);
  if (node === undefined) return true;
  const { type, anyOf, oneOf, allOf, enum: values } = node;
  if (type !== undefined && ![type].flat().includes('null')) return false;
  if (Array.isArray(values) && !values.includes(null)) return false;
  if ('const' in node && node.const !== null) return false;
  const allows = (each: unknown) => allowsNull(each, reader);
  return (
    [anyOf, oneOf].every((some) => !Array.isArray(some) || some.some(allows)) && asList(allOf).every(allows)
  );
}

/** Undefined for a schema that is no object, a reference that leads nowhere, and once enough was looked at. */
function read(schema: unknown, reader: Reader): Node | undefined {
  let node = schema;
  for (; reader.left > 0 && isNode(node); reader.left -= 1) {
    const reference = asText(node.$ref);
    if (reference === undefined) {
      reader.left -= 1;
      return node;
    }
    node = reference === '#' ? reader.root : lookUp(reader.root, reference);
  }
  return undefined;
}

/** Most arguments hold none, and are passed on as they are. */
function holdsNull(value: unknown, left: number): boolean {
  if (value === null) return true;
  if (typeof value !== 'object' || left === 0) return false;
  return Object.values(value).some((inner) => holdsNull(inner, left - 1));
}
