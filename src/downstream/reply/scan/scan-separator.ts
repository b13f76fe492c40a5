/** The text between a field's name and its value. */
export type Separator = {
  /** Number of characters from the name's end to the value. */
  readonly length: number;
  /**
   * Strong: only a value or an explanation of the field can follow. Weak: only text that looks like an id counts as a
   * value.
   */
  readonly isStrong: boolean;
  readonly isAssigned: boolean;
};

/** Number of characters inspected after a name. */
export const LONGEST_SEPARATOR = 900;

const QUOTES = String.raw`(?:\\*["'\x60*]){0,4}`;
/** The end of a name: quotes, `[eq]`, `__in`, a bracket, a closing tag. */
const CLOSED = String.raw`(?:__[a-z]{2,12})?${QUOTES}\]?(?:\[\w{0,12}\]){0,2}${QUOTES}(?:[ \t]?<\/\w{1,10}>){0,2}`;
const ASIDE = String.raw`(?:[ \t]{0,8}\([^()\n]{0,60}\))?(?:::\w{1,20})?`;
const SIGNS = String.raw`(?:[?!]?(?:=>|->|<=>|:{1,2}=|[!=]={1,2}|[+|]=|<>|[=:]|\u2192|\u21d2|\u279c|\u27a1|\u21a6)|\u0589|\u02d0|\ufe55)`;
/** Quotes, asterisks and closing tags after a colon. */
const BEHIND = String.raw`(?:\*{1,3}|__|["'\x60](?=[ \t]))?(?:[ \t]{0,4}<\/?(?:b|i|em|strong|code|span|tt|kbd|dd|td|p|a|br|div)\b[^<>]{0,200}>){0,4}`;

const sign = new RegExp(`^${CLOSED}${ASIDE}[ \\t]{0,40}(${SIGNS})${BEHIND}`, 'u');
const attribute = new RegExp(`^${CLOSED}[^<>]{0,400}?\\b(?:value|content|val)\\s{0,8}=\\s{0,8}`, 'u');
const tag = new RegExp(`^${CLOSED}(?:\\s[^<>]{0,400})?>(?:\\s{0,80}<!\\[CDATA\\[)?`, 'u');
const titled = new RegExp(
  `^${CLOSED}:?(?:(?<=</th>)\\s{0,80}<td\\b[^<>]{0,200}>|(?:\\s{0,80}<(?:dd|code|span|strong|em|b|i|kbd)\\b[^<>]{0,200}>){1,3})`,
  'u',
);
const FIELD = String.raw`[\s,;]{1,20}(?:-\s)?["']?[\w-]{1,20}["']?[ \t]?[:=][ \t]?["']?[\w .-]{0,60}["']?`;
const labelled = new RegExp(
  `^${QUOTES}(?:${FIELD}){0,3}?[\\s,;]{1,20}["']?(?:values?|val)["']?[ \\t]{0,4}[:=]>?`,
  'u',
);
const operator = new RegExp(
  `^${CLOSED}[ \\t]{1,8}(?:not[ \\t]{1,8})?(?:in[ \\t]{0,8}(?=[[({])|i?like[ \\t]|equals?(?:[ \\t]to)?[ \\t]|contains[ \\t])`,
  'iu',
);
const weak = new RegExp(
  `^${CLOSED}${ASIDE}(?:[ \\t]{0,8}(?:[-\u2013\u2014|#~>/][ \\t]{0,8}){1,3}|[ \\t]{1,8}(?:(?:is|was|are|equals|of)[ \\t]{1,8})?)`,
  'iu',
);

/** The open tag before a name: `<name`, `</name`, or a tag with attributes. */
const inTag = /<(\/?)[\w:.-]{0,40}(\s[^<>]{0,300})?$/;

function tagBefore(text: string, at: number): readonly (string | undefined)[] {
  const before = text.slice(Math.max(0, at - 300), at);
  return before.lastIndexOf('<') > before.lastIndexOf('>') ? (inTag.exec(before) ?? []) : [];
}

/** The separator after the name at `from`–`to`; undefined when no value follows, as in `</organization_id>`. */
export function separatorBehind(text: string, from: number, to: number): Separator | undefined {
  const behind = text.slice(to, to + LONGEST_SEPARATOR);
  const [, closing, attributes] = tagBefore(text, from);
  if (closing === '/') return undefined;
  const strong = (found: RegExpExecArray | null, isAssigned = false): Separator | undefined =>
    found === null ? undefined : { length: found[0].length, isStrong: true, isAssigned };
  const signed = sign.exec(behind);
  if (signed !== null) return strong(signed, signed[1]?.includes('=') === true && signed[1] !== '=>');
  const isMarkup = closing !== undefined;
  const inMarkup = isMarkup
    ? (strong(attributes === undefined ? null : attribute.exec(behind)) ?? strong(tag.exec(behind)))
    : undefined;
  const found =
    inMarkup ?? strong(labelled.exec(behind)) ?? strong(operator.exec(behind)) ?? strong(titled.exec(behind));
  if (found !== undefined) return found;
  const loose = weak.exec(behind);
  return loose === null ? undefined : { length: loose[0].length, isStrong: false, isAssigned: false };
}
