import { createOwnText } from '../own-text.ts';
import type { ReplyNames } from '../reply-names.ts';
import { isPlaceAtStart, nextIn, type Scan, type Stand, schema, valueIn } from './read-value.ts';
import { separatorBehind } from './scan-separator.ts';

/** In characters: an external id has up to 200, each escaped with up to six. */
const LONGEST_VALUE = 1_300;

const patterns = new WeakMap<ReplyNames, RegExp>();

/** Matches a name as texts write it. The group `object` matches an organisation whose id follows other fields. */
function patternOf(names: ReplyNames): RegExp {
  const known = patterns.get(names);
  if (known !== undefined) return known;
  const before = String.raw`(?:(?<![\p{L}\p{N}_-])|(?<=\\[nrt])|(?<=%[0-9a-f]{2}))(?:x[-_])?`;
  const behind = String.raw`s?(?![\p{L}\p{N}])`;
  const quote = String.raw`(?:\\*["'\x60*]){0,4}`;
  // An object of truncated JSON, or a block of YAML.
  const inside = String.raw`(?:\{[^{}]{0,500}?|\n(?:[ \t][^\n]{0,200}\n){0,10}?[ \t]{1,40}(?:-[ \t]{1,4})?)\bid`;
  const field = String.raw`${quote}[ \t]{0,8}[:=]\s{0,8}?\[?\s{0,8}?${inside}${quote}\s{0,8}[:=]`;
  const tag = String.raw`(?<=<)(?:${names.inTexts.words})s?\b[^<>]{0,200}>(?:\s{0,80}<[a-z][^<>]{0,80}>[^<>]{0,200}<\/[^<>]{0,80}>){0,8}?\s{0,80}<id\b[^<>]{0,80}>`;
  const object = `(?<object>(?:${names.inTexts.words})s?${field}|${tag})`;
  const made = new RegExp(`${before}(?:(?:${names.inTexts.names})${behind}|${object})`, 'giu');
  patterns.set(names, made);
  return made;
}

const code =
  /(?:^|[\s({,;])(?:(?:const|let|var|val|final|readonly|public|private|protected|static)[ \t]{1,4}(?:[\w<>[\]?.]{1,40}[ \t]{1,4}){0,2}|(?:this|self)\.)$/;

/**
 * Whether a text outside of JSON gives the field a value other than our id: `organization_id: B`, `…=B`, a tag, a list.
 * The text after the name is foreign unless it is exactly ours, explains the field, or is code.
 */
export function namesAnotherInText(text: string, own: string, names: ReplyNames): boolean {
  const scan = { text, own: createOwnText(own), names };
  for (const found of text.matchAll(patternOf(names))) {
    const to = found.index + found[0].length;
    const object = found.groups?.object !== undefined;
    const separator = object
      ? { length: 0, isStrong: true, isAssigned: false }
      : separatorBehind(text, found.index, to);
    if (separator === undefined || isOursAlone(text, to + separator.length, own)) continue;
    const before = text.slice(Math.max(0, found.index - 120), found.index);
    const stand = {
      isStrong: separator.isStrong,
      isAssigned: separator.isAssigned,
      isInCode: code.test(before),
      isQuery: /[?&][\w.[-]{0,40}$/.test(before) && text[to] === '=',
      isItem: false,
    };
    if (isAnother(scan, to + separator.length, stand)) return true;
  }
  return false;
}

/** Fast path for most texts: our id, then the end of the line or a closing bracket. */
function isOursAlone(text: string, from: number, own: string): boolean {
  const at = text[from] === ' ' ? from + 1 : from;
  return text.startsWith(own, at) && ['\n', ')', undefined].includes(text[at + own.length]);
}

/** Openings that may wrap a value: `[`, `(`, `ANY(`, `ObjectId(`, `<![CDATA[`. */
const wrapped =
  /^(?:[ \t]{1,40}|<!\[CDATA\[|\*{1,3}(?=\S)|__(?=\S)|(?:any|all)[ \t]?\(|array(?=\[)|(?:ObjectId|UUID|uuid|str|String|ID|Some|[A-Z]\w{0,40}Id)\((?=["'`])|[[(](?=\s{0,80}["'`\w?:$@%])|\{(?=\s{0,80}["'`$\w])|["'`]?(?:\$?(?:in|eq|ne|any|all|equals|id|value)|\$?oid)["'`]?[ \t]{0,4}[:=](?!\s*\{?\s*["'`]?type)|[[({]\s{1,80}(?=["'`]))/i;
const MOST_WRAPPINGS = 12;

/** Judges each value of a list; a single value is a list of one. */
function isAnother(scan: Scan, from: number, stand: Stand): boolean {
  let { at, isInBrackets } = unwrapped(scan.text, from, stand);
  for (let isFirst = true; ; isFirst = false) {
    const rest = scan.text.slice(at, at + LONGEST_VALUE);
    if (/^[ \t]*(?:\r?\n|$)/.test(rest)) return isFirst && stand.isStrong && isAnotherBelow(scan, at, stand);
    const read = valueIn(rest, scan, isFirst ? stand : { ...stand, isInCode: false });
    if (read === 'other') return true;
    if (read === 'end') return false;
    at += read;
    const next = nextIn(scan.text.slice(at, at + 200), isInBrackets, stand);
    if (next === undefined) return false;
    ({ at } = unwrapped(scan.text, at + next, stand));
    isInBrackets = isInBrackets && scan.text[at] !== ']';
  }
}

function unwrapped(text: string, from: number, stand: Stand): { at: number; isInBrackets: boolean } {
  let at = from;
  let isInBrackets = false;
  for (let wrappings = 0; wrappings < MOST_WRAPPINGS; wrappings += 1) {
    const rest = text.slice(at, at + 200);
    if (schema.test(rest) || isPlaceAtStart(rest) || (!stand.isStrong && /^[[({]/.test(rest))) break;
    const [found] = wrapped.exec(rest) ?? [];
    if (found === undefined) break;
    isInBrackets ||= /[[({]/.test(found);
    at += found.length;
  }
  return { at, isInBrackets };
}

const MOST_BLANK = 400;

/**
 * Judges `organization_id:` at the end of a line: its value, or a list of values, is below, unless another field begins
 * there.
 */
function isAnotherBelow(scan: Scan, from: number, stand: Stand): boolean {
  const [blank = ''] = /^\s*/.exec(scan.text.slice(from, from + MOST_BLANK)) ?? [];
  const rest = scan.text.slice(from + blank.length, from + blank.length + LONGEST_VALUE);
  const [line = ''] = rest.split('\n', 1);
  if (line.trim() === '' || blank.length === MOST_BLANK) return line.trim() !== '';
  const isItem = /^[-*\u2022][ \t]+/.exec(line)?.[0] ?? '';
  const value = line.slice(isItem.length);
  if (/^["'`]?[\w.$ -]{1,64}["'`]?[ \t]{0,4}(?:[:=](?!\/)|=>)/.test(value)) {
    const inner = /^["'`]?(?:id|value|eq|in)["'`]?[ \t]{0,4}[:=]/.exec(value)?.[0];
    return inner !== undefined && isAnother(scan, from + blank.length + isItem.length + inner.length, stand);
  }
  if (/^(?:#{1,6}\s|```|~~~|\||<|[-=*_]{3,}\s*$)/.test(value)) return false;
  const isSentence =
    value.trim().split(/\s+/).length > 3 &&
    (/[.:!?]\s*$/.test(value) || /^(?:the|a|there|here)\b/i.test(value));
  if (isSentence) return false;
  return isAnother(scan, from + blank.length + isItem.length, { ...stand, isItem: isItem !== '' });
}
