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

function encodeSegment(value: string): string {
  if (value === '' || value === '.' || value === '..') {
    throw new AppError('VALIDATION_ERROR', { message: 'An id cannot be empty, "." or "..".' });
  }
  if (!value.isWellFormed())
    throw new AppError('VALIDATION_ERROR', { message: 'An id must be well-formed text.' });
  return encodeURIComponent(value);
}
