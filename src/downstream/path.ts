import { AppError } from '../errors.ts';
import { type PathValue, refusalOfSegment, refusalOfValue } from './path-value.ts';

/** A path whose values cannot leave their segments at any hop. Only this file creates one. */
export type Path = { readonly text: string; readonly segments: number };

/**
 * Tagged template for a path. Each value becomes exactly one percent-encoded segment.
 *
 * @throws VALIDATION_ERROR for a value that a decoding proxy could read as several segments, or as none
 */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): Path {
  const template = parts.reduce((text, part, index) => `${text}{${index - 1}}${part}`);
  return pathOf(template, (name) => {
    const index = Number(name);
    if (!(index in values)) return undefined;
    // A template does not know its values' names, so the error shows the text before the value.
    const label = `${parts.slice(0, index + 1).join('…')}…`;
    return { text: values[index] ?? '', label, mayHoldSlashes: false };
  });
}

/**
 * Fills a template such as `/compare/{base}...{head}`. A placeholder for which `find` returns undefined is kept for the
 * organisation.
 *
 * @throws VALIDATION_ERROR for a value, or a segment of several values, that a hop could read as another path
 */
export function pathOf(template: string, find: (name: string) => PathValue | undefined): Path {
  const segments = template.split('/').map((segment) => fillSegment(segment, find));
  return { text: segments.join('/'), segments: segments.length };
}

/** A path that ends in a tool's name. The name travels in a body, not in a URL, so it needs no further check. */
export const pathOfName = (start: string, name: string): Path => {
  const text = `${start}/${encodeURIComponent(name)}`;
  return { text, segments: text.split('/').length };
};

function fillSegment(segment: string, find: (name: string) => PathValue | undefined): string {
  const values: PathValue[] = [];
  const text = segment.replaceAll(/\{([^}]+)\}/g, (place, name: string) => {
    const value = find(name);
    if (value === undefined) return place;
    values.push(value);
    requireNone(value.label, refusalOfValue(value));
    return encodeURIComponent(value.text);
  });
  const [first] = values;
  if (first === undefined) return segment;
  // Here `%2F` is a slash that `mayHoldSlashes` allowed, or one of the template.
  const mayHoldSlashes = /%2f/i.test(text);
  requireNone(first.label, refusalOfSegment(text, mayHoldSlashes));
  return text;
}

function requireNone(label: string, refusal: string | undefined): void {
  if (refusal !== undefined) throw new AppError('VALIDATION_ERROR', { message: `${label}: ${refusal}` });
}
