/** The flags of England, Scotland and Wales use invisible tag characters (UTS #51); they are kept. */
const flag = '\\p{RGI_Emoji_Tag_Sequence}';

/**
 * What a terminal executes instead of showing (ECMA-48, including C1), line breaks, bidirectional controls and
 * invisible characters. The two joiners are kept: emoji, Persian and Indic scripts need them.
 */
const obeyed = '[\\p{Cc}\\p{Cf}\\p{Zl}\\p{Zp}\\p{Cs}]--[\\u200c\\u200d]';

const beyondOneLine = new RegExp(`${flag}|[${obeyed}]`, 'gv');
const beyondLines = new RegExp(`${flag}|[[${obeyed}]--[\\n\\t]]`, 'gv');

const inJson = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]--\n]/gv;

const base = '[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}]';
/** The most combining marks in a row that any script needs. More would paint over neighbouring lines. */
const MOST_MARKS = 4;

/** Every character that is not visible as itself, and the `<` of a text that imitates our escapes. */
const unseen = new RegExp(
  [
    `[^\\p{L}\\p{M}\\p{N}\\p{P}\\p{S} ]`,
    `[\\p{Default_Ignorable_Code_Point}\\u2800]`,
    `(?<!${base})\\p{M}`,
    `(?<=\\p{M}{${MOST_MARKS}})\\p{M}`,
    `<(?=U\\+)`,
  ].join('|'),
  'gu',
);

/** The code point as `<U+200B>`; a flag stays as it is. */
const named = (found: string): string => {
  const [first = '', ...more] = found;
  return more.length > 0 ? found : `<U+${hex(first).toUpperCase().padStart(4, '0')}>`;
};

const hex = (character: string): string => (character.codePointAt(0) ?? 0).toString(16);

/** JSON notation: a surrogate pair above U+FFFF. */
const inJsonNotation = (found: string): string =>
  Array.from({ length: found.length }, (_, at) => found.charCodeAt(at))
    .map((unit) => `\\u${unit.toString(16).padStart(4, '0')}`)
    .join('');

const isPlain = (text: string): boolean => /^[\x20-\x7e]*$/.test(text);

/** `text` on one line, harmless to a terminal. For names and errors that others wrote. */
export const printable = (text: string): string =>
  isPlain(text) ? text : text.replaceAll(beyondOneLine, named);

/** The same for the audit: the result is never longer than `text`. */
export const keptPrintable = (text: string): string =>
  isPlain(text) ? text : text.replaceAll(beyondOneLine, (found) => (found.length > 2 ? found : '?'));

/** The same for text whose line breaks are ours: line feeds and tabs are kept. */
export const printableLines = (text: string): string =>
  isPlain(text) ? text : text.replaceAll(beyondLines, named);

/** Shows every invisible character as its code point, including line feeds. For text that an operator must judge. */
export const everyCharacter = (text: string): string => text.replaceAll(unseen, named);

/** JSON with control and invisible characters escaped in its strings. It parses to the same value. */
export const printableJson = (json: string): string => json.replaceAll(inJson, inJsonNotation);

/** The same as `everyCharacter`, for JSON. */
export const everyCharacterOfJson = (json: string): string => json.replaceAll(unseen, inJsonNotation);

/** The first invisible or control character in `text`, as `<U+202E>`; undefined for none. */
export function unseenIn(text: string): string | undefined {
  const [found] = unseenInName.exec(text.replaceAll(neededInName, '')) ?? [];
  return found === undefined ? undefined : named(found);
}

const seen = '[[\\p{L}\\p{M}\\p{N}\\p{P}\\p{S}\\p{Co}]--\\p{Default_Ignorable_Code_Point}]';
const variant = '[\\ufe00-\\ufe0f\\u180b-\\u180d\\u180f\\u{e0100}-\\u{e01ef}]';
const braille = '[\\u2801-\\u28ff]';

/** Invisible characters that a correct spelling requires in their position. */
const neededInName = new RegExp(
  [
    flag,
    `(?<=${seen}|${seen}${variant})[\\u200c\\u200d](?=${seen})`,
    // Also at the end of a word, as in Persian, Malayalam and Sinhala.
    `(?<=[[\\p{M}\\p{Script=Arabic}]--\\p{Default_Ignorable_Code_Point}])[\\u200c\\u200d]`,
    `(?<=${seen})${variant}`,
    `(?<=${braille})\\u2800|\\u2800(?=${braille})`,
  ].join('|'),
  'gv',
);

const unseenInName =
  /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\u2800]/v;
