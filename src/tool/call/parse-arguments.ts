import { AppError } from '../../errors.ts';
import type { TenantPrincipal } from '../../principal.ts';
import { holdsKey, redactKeys } from '../../secrets/key-pattern.ts';
import { type InputIssue, issueText } from '../../words/issue.ts';
import type { Tool } from '../define-tool.ts';
import type { Operation } from '../operation.ts';
import { requireNoOrganization } from './require-no-organization.ts';
import { withoutNulls } from './without-nulls.ts';

export type RawArguments = Readonly<Record<string, unknown>>;

const MOST_ISSUES = 20;
const LONGEST_TEXT = 600;

/**
 * The arguments as the tool declares them; nothing unknown passes.
 *
 * @throws ORGANIZATION_IN_ARGUMENTS, the tool's own precheck, VALIDATION_ERROR with paths and what was expected
 */
export function parseArguments(
  tool: Tool,
  rawArguments: RawArguments,
  me: TenantPrincipal,
  maxElements: number,
): Record<string, unknown> {
  requireNoOrganization(rawArguments);
  requireFewElements(rawArguments, maxElements);
  const given = withoutNulls(
    rawArguments,
    tool.inputJsonSchema,
    tool.platform === null ? 'deep' : 'arguments',
  );
  tool.precheck(given, me);
  return parseBySchema(tool, given);
}

/** The same for the operator, whose arguments may name organisations. @throws VALIDATION_ERROR */
export function parseInput(
  operation: Operation,
  rawArguments: RawArguments,
  maxElements: number,
): Record<string, unknown> {
  requireFewElements(rawArguments, maxElements);
  return parseBySchema(operation, withoutNulls(rawArguments, operation.inputJsonSchema, 'deep'));
}

function requireFewElements(rawArguments: RawArguments, maxElements: number): void {
  if (countElements(rawArguments, maxElements) <= maxElements) return;
  throw new AppError('VALIDATION_ERROR', { message: `The arguments hold more than ${maxElements} values.` });
}

function parseBySchema(operation: Operation, rawArguments: RawArguments): Record<string, unknown> {
  const parsed = operation.parseInput(rawArguments);
  if (!parsed.ok) throw validationError(parsed.issues);
  if (operation.effect !== 'reads') requireNoKeys(operation, parsed.data);
  return parsed.data;
}

/**
 * What is written is kept and shown to others: a key pasted into a name would be stored in plain. An id in the path is
 * only looked up, so there a key is as unknown as any other text.
 */
function requireNoKeys({ rest }: Operation, input: Readonly<Record<string, unknown>>): void {
  const isInPath = (name: string): boolean => rest?.includes(`{${name}}`) ?? false;
  const issues = Object.entries(input)
    .filter(([name, value]) => !isInPath(name) && holdsKey(JSON.stringify([name, value])))
    .map(([path]) => ({ path, expected: 'expected a text without the plaintext of a key' }));
  if (issues.length > 0) throw validationError(issues);
}

/** Says where and what was expected, never the value that was sent. */
function validationError(found: readonly InputIssue[]): AppError {
  const issues = found.slice(0, MOST_ISSUES).map((issue) => ({
    path: clip(issue.path),
    expected: clip(issue.expected),
  }));
  const message = issues.map((issue) => issueText(issue)).join('; ');
  return new AppError('VALIDATION_ERROR', { message, data: { issues } });
}

const clip = (text: string): string => redactKeys(text).slice(0, LONGEST_TEXT);

/** Values in `value`, itself included; stops counting beyond `most`. Depth is bounded before parsing. */
function countElements(value: unknown, most: number): number {
  if (typeof value !== 'object' || value === null) return 1;
  let count = 1;
  for (const inner of Object.values(value)) {
    count += countElements(inner, most - count);
    if (count > most) return count;
  }
  return count;
}
