import { AppError } from '../errors.ts';

/** A path whose values cannot leave their segment. Only `path` makes one. */
export type Path = { readonly text: string; readonly segments: number };

/**
 * Tagged template for a downstream path: each value becomes exactly one percent-encoded segment.
 *
 * @throws VALIDATION_ERROR for a value that is empty, `.` or `..`
 */
export function path(parts: TemplateStringsArray, ...values: readonly string[]): Path {
  let text = parts[0] ?? '';
  for (const [index, value] of values.entries()) text += encodeSegment(value) + (parts[index + 1] ?? '');
  return { text, segments: text.split('/').length };
}

/**
 * A template such as `/compare/{base}...{head}`, each place replaced by a value that stays in its segment; a place
 * that `find` does not know stays as it is, for whoever writes the organisation.
 *
 * @throws VALIDATION_ERROR for a value that is empty, or a segment that becomes `.` or `..`
 */
export function pathOf(template: string, find: (name: string) => string | undefined): Path {
  const segments = template.split('/').map((segment) => {
    const text = segment.replaceAll(/\{([^}]+)\}/g, (place, name: string) => {
      const value = find(name);
      return value === undefined ? place : encodeValue(value);
    });
    return text === segment ? segment : requireSegment(text);
  });
  return { text: segments.join('/'), segments: segments.length };
}

const encodeSegment = (value: string): string => requireSegment(encodeValue(value));

function requireSegment(text: string): string {
  if (text !== '.' && text !== '..') return text;
  throw notASegment();
}

const notASegment = (): AppError =>
  new AppError('VALIDATION_ERROR', { message: 'An id cannot be empty, "." or "..".' });

function encodeValue(value: string): string {
  if (value === '') throw notASegment();
  if (!value.isWellFormed())
    throw new AppError('VALIDATION_ERROR', { message: 'An id must be well-formed text.' });
  return encodeURIComponent(value);
}
