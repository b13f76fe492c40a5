import { parseJson } from '../../json.ts';
import { foldText, isAscii } from '../organization/spelling.ts';
import type { ReplyNames } from './reply-names.ts';
import { namesAnotherInSql } from './scan/scan-sql.ts';
import { namesAnotherInTable } from './scan/scan-table.ts';
import { namesAnotherInText } from './scan/scan-text.ts';
import { formsOf } from './scan/undo-escapes.ts';

/**
 * The content of a text: JSON values, to be checked like the reply, and whether the rest names another organisation.
 */
export type ReadText = { readonly values: readonly unknown[]; readonly namesAnother: boolean };

/** How often each character may be scanned on average. It bounds text that looks like JSON everywhere but is none. */
const MOST_PASSES = 8;
const LEAST_BUDGET = 65_536;
const LONGEST_KEY = 200;

/**
 * Extracts JSON from a text: the whole text, a line, a code fence, or a part after words. The rest is searched for the
 * organisation's name with a value.
 */
export function readText(text: string, own: string, names: ReplyNames): ReadText {
  const trimmed = text.replace(/^[\s\ufeff\u200b]+/, '');
  if (/^["[{]/.test(trimmed)) {
    const whole = parseJson(trimmed);
    if (whole !== undefined) return { values: [whole], namesAnother: false };
  }
  const { values, rest, isWhole } = takeJson(trimmed);
  if (!isWhole) return { values, namesAnother: true };
  return { values, namesAnother: namesAnotherInRest(rest, own, names) };
}

function namesAnotherInRest(rest: string, own: string, names: ReplyNames): boolean {
  const forms = formsOf(rest);
  if (forms === undefined) return true;
  return forms.some((form) => {
    const plain = isAscii(form) ? form : foldText(form);
    return [namesAnotherInText, namesAnotherInTable, namesAnotherInSql].some((scan) =>
      scan(plain, own, names),
    );
  });
}

/** Every JSON object and list of the text, and the text without them. */
function takeJson(text: string): { values: unknown[]; rest: string; isWhole: boolean } {
  const values: unknown[] = [];
  let rest = '';
  let from = 0;
  let budget = Math.max(LEAST_BUDGET, text.length * MOST_PASSES);
  for (const { index } of text.matchAll(/\{(?=\s*["}])|\[(?=\s*[\][{])|(?<![\w$)\]])\[(?=\s*["\d])/g)) {
    if (index < from) continue;
    const end = endOf(text, index);
    budget -= (end ?? text.length) - index;
    if (budget < 0) return { values, rest: '', isWhole: false };
    const found = end === undefined ? undefined : parseJson(text.slice(index, end));
    if (end === undefined || found === undefined) continue;
    values.push(underItsKey(text.slice(Math.max(0, index - LONGEST_KEY), index), found));
    rest += `${text.slice(from, index)} `;
    from = end;
  }
  return { values, rest: rest + text.slice(from), isWhole: true };
}

/** Puts an object of truncated JSON back under its key: `"organization": {…}` without it would not say whose it is. */
function underItsKey(before: string, value: unknown): unknown {
  if (!/[:=]\s{0,8}$/.test(before.slice(-9))) return value;
  const key = /([\p{L}\p{N}\p{M}\p{Cf}_.-]{1,64})["'`*\\]{0,8}\s{0,8}[:=]\s{0,8}$/u.exec(before)?.[1];
  return key === undefined ? value : { [key]: value };
}

/** The index after the bracket that closes the one at `start`; undefined when it is not closed. */
function endOf(text: string, start: number): number | undefined {
  let depth = 0;
  let isInString = false;
  for (let place = start; place < text.length; place += 1) {
    const sign = text[place];
    if (isInString) {
      if (sign === '\\') place += 1;
      else if (sign === '"') isInString = false;
    } else if (sign === '"') isInString = true;
    else if (sign === '{' || sign === '[') depth += 1;
    else if (sign === '}' || sign === ']') depth -= 1;
    if (depth === 0) return place + 1;
  }
  return undefined;
}
