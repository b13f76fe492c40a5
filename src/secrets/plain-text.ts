import { z } from 'zod';
import { AppError } from '../errors.ts';
import { unseenIn } from './printable.ts';

/**
 * A schema for names and descriptions: 1 to `longest` visible characters on one line, in any script, emoji included.
 * Surrounding blanks are dropped.
 */
export const plainText = (longest: number) =>
  z
    .string()
    .superRefine((text, context) => {
      const found = unseenIn(text);
      if (found !== undefined)
        context.addIssue({ code: 'custom', message: `expected characters that are seen, got ${found}` });
    })
    .trim()
    .min(1)
    .max(longest);

/** The message for an invalid `text`, for the person who typed it. */
export function expectedPlainText(text: string, longest: number): string {
  const found = unseenIn(text);
  const got = found === undefined ? '' : `, each of which is seen, got ${found}`;
  return `expected 1 to ${longest} characters on one line${got}`;
}

/**
 * The check of `plainText` for input that no schema of ours has seen, such as that of a custom tool. Absent texts pass.
 *
 * @throws VALIDATION_ERROR with the path of each invalid text
 */
export function requirePlainTexts(texts: Readonly<Record<string, string | null | undefined>>): void {
  const issues = Object.entries(texts).flatMap(([path, text]) => {
    const found = unseenIn(text ?? '');
    return found === undefined ? [] : [{ path, expected: `expected characters that are seen, got ${found}` }];
  });
  if (issues.length === 0) return;
  const message = issues.map(({ path, expected }) => `${path}: ${expected}`).join('; ');
  throw new AppError('VALIDATION_ERROR', { message, data: { issues } });
}
