/** How many levels of escapes are undone. A text with more is withheld. */
const MOST_LEVELS = 5;

const escaped =
  /(?<!\\)\\+(?:u\{?([0-9a-f]{4,6})\}?|x([0-9a-f]{2}))|%([0-7][0-9a-f])|&#x([0-9a-f]{1,6});|&#(\d{1,7});|&(quot|apos|amp|lt|gt|nbsp|colon|equals|lowbar|comma|period|hyphen|num|sol|lsqb|lbrack|rsqb|rbrack|grave);/gi;

const entities: Readonly<Record<string, string>> = {
  ...{ quot: '"', apos: "'", amp: '&', lt: '<', gt: '>', nbsp: ' ', colon: ':', equals: '=', lowbar: '_' },
  ...{
    comma: ',',
    period: '.',
    hyphen: '-',
    num: '#',
    sol: '/',
    lsqb: '[',
    lbrack: '[',
    rsqb: ']',
    rbrack: ']',
  },
  grave: '`',
};

const fromCode = (code: number): string => (code <= 0x10_ff_ff ? String.fromCodePoint(code) : ' ');

/** Replaces each `\u006f`, `\x6f`, `%6f`, `&#111;` and `&quot;` with its character, one level deep. */
export const undoEscapes = (text: string): string =>
  text.replaceAll(escaped, (_all, ...found: (string | undefined)[]) => {
    const [unicode, hex, percent, hexEntity, decimal, named] = found;
    const digits = unicode ?? hex ?? percent ?? hexEntity;
    if (digits !== undefined) return fromCode(Number.parseInt(digits, 16));
    return decimal === undefined ? (entities[named?.toLowerCase() ?? ''] ?? ' ') : fromCode(Number(decimal));
  });

/**
 * The text itself, and its forms after undoing escapes once, twice and so on; undefined when more than `MOST_LEVELS`
 * are needed.
 */
export function formsOf(text: string): readonly string[] | undefined {
  const forms = [text];
  for (let form = text; forms.length <= MOST_LEVELS; forms.push(form)) {
    const undone = undoEscapes(form);
    if (undone === form) return forms;
    form = undone;
  }
  return undefined;
}
