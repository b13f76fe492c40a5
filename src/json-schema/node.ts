import { isRecord } from '../json.ts';

/** An object of a document, not yet validated. */
export type Node = Readonly<Record<string, unknown>>;

export const isNode: (value: unknown) => value is Node = isRecord;

/** `value` if it is an object, else an empty one. */
export const asNode = (value: unknown): Node => (isNode(value) ? value : {});

export const asList = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

export const asText = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

const LONGEST_CHAIN = 20;

/** Follows `$ref` from `value` within `document`. An empty object when that leads nowhere. */
export function resolve(document: Node, value: unknown): Node {
  let node = asNode(value);
  for (let step = 0; step < LONGEST_CHAIN; step += 1) {
    const reference = asText(node.$ref);
    if (reference === undefined) return node;
    node = asNode(lookUp(document, reference));
  }
  return {};
}

/**
 * The value at a local JSON pointer (https://www.rfc-editor.org/rfc/rfc6901), such as `#/components/schemas/Pet`;
 * undefined when there is none.
 */
export function lookUp(document: Node, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  let place: unknown = document;
  for (const word of reference.slice(2).split('/')) {
    const name = decodeWord(word).replaceAll('~1', '/').replaceAll('~0', '~');
    if (Array.isArray(place)) place = place[Number(name)];
    else place = isNode(place) && Object.hasOwn(place, name) ? place[name] : undefined;
  }
  return place;
}

function decodeWord(word: string): string {
  try {
    return decodeURIComponent(word);
  } catch {
    return word;
  }
}
