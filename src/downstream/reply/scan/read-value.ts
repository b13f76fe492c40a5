import { type Around, explains, isPlaceToFill, standsForNothing } from '../explained-field.ts';
import type { OwnText } from '../own-text.ts';
import type { ReplyNames } from '../reply-names.ts';
import { undoEscapes } from './undo-escapes.ts';

export type Scan = { readonly text: string; readonly own: OwnText; readonly names: ReplyNames };
/** The context of a value in the text. */
export type Stand = Around & {
  readonly isStrong: boolean;
  readonly isQuery: boolean;
  readonly isItem: boolean;
};

export const schema =
  /^\{\s{0,80}["']?(?:type|description|required|\$ref|in|name|enum|format|title|anyOf|oneOf|allOf|nullable)["']?\s{0,4}:/;

/** Whether the text starts with a placeholder: `{organization_id}`, `<organization_id>`. */
export const isPlaceAtStart = (rest: string): boolean => {
  const [found] = /^(?:\{{1,2}[^{}\n]{0,80}\}{1,2}|<[^<>\n]{0,80}>)/.exec(rest) ?? [];
  return found !== undefined && isPlaceToFill(found);
};
/**
 * The number of characters of our own or an absent value; `other` for a foreign value; `end` when nothing remains to
 * judge.
 */
type Read = number | 'other' | 'end';

export function valueIn(rest: string, scan: Scan, stand: Stand): Read {
  const quoted = /^(?:[fbur]{1,2}(?=["'`])|n(?='))?(\\*)("""|'''|["'`])/i.exec(rest);
  return quoted === null ? bareValue(rest, scan, stand) : quotedValue(rest, quoted, scan);
}

function quotedValue(rest: string, opening: RegExpExecArray, { own, names }: Scan): Read {
  const [all, slashes = '', quote = ''] = opening;
  const end = endOfQuoted(rest, all.length, quote, slashes.length);
  const inside = rest.slice(all.length, end);
  const length = end + slashes.length + quote.length;
  if (inside.trim() === '') return length;
  if (own.is(inside)) return length;
  // `"b"."organization_id"` is a column of a query.
  const [, column] = /^\.["'`]?([\w$]{1,64})/.exec(rest.slice(length)) ?? [];
  if (column !== undefined && names.isName(column)) return 'end';
  // A name as value belongs to a map of fields. The value of that name is judged where it occurs.
  if (names.isName(inside)) return 'end';
  if (isPlaceToFill(inside.trim())) return length;
  return 'other';
}

/** The index of the closing quote: the first one that is escaped no deeper than the opening one. */
function endOfQuoted(rest: string, from: number, quote: string, depth: number): number {
  for (let at = rest.indexOf(quote, from); at !== -1; at = rest.indexOf(quote, at + 1)) {
    let slashes = 0;
    while (rest[at - 1 - slashes] === '\\' && at - 1 - slashes >= from) slashes += 1;
    if (depth === 0 ? slashes % 2 === 0 : slashes <= depth) return at - (depth === 0 ? 0 : slashes);
    if (quote === "'" && slashes === 0) return at;
  }
  return rest.length;
}

/** What may follow a complete id. */
const ended =
  /^(?:[ \t]*(?:$|\r?\n)|[.!?](?:["'`)\]}*<]|\s|$)|[ \t]*(?:[)\]}>]|<|\*{1,3}(?!\w)|__|\/>|["'`](?!\w))|\\+[nrt"'`]|\t|[ ]{2}|[ \t]+(?:#|\/\/|-->|=>|<-)|[ \t]*[;,][ \t]*(?:\r?\n|$)|\/(?:["'`\s)>]|$)|:(?:\s+[a-z]|[ \t]*(?:\r?\n|$)))/;
const goesOnWithField = /^[ \t]+["'`]?[\w.$[\]-]{1,64}["'`]?[ \t]{0,2}(?:[:=]|[ \t][<>]|!=)/;
const goesOnWithWords =
  /^[ \t]+(?:(?:AND|OR|ORDER|GROUP|LIMIT|ON|SET|WHERE|THEN|RETURNING|HAVING|UNION|END)\b|(?:are|is|was|were|has|have|had|does|did|will|would|can|cannot|could|should|must|may|found|not|but|because|when|if|which|that|already|exists|failed|returned|matched)\b)/;
const query = /^(?:&(?:amp;)?(?:[\w.%[\]-]{1,64}(?:=|&|$|[\s"'`<)]))|[&#])/;
const isField = /^(?:&(?:amp;)?)[\w.%[\]-]{1,64}=/;
const listed = /^[ \t]*(?:[,;|&+]|\/[ \t]*(?=[\w"'`])|[ \t](?:or|and|OR|AND)[ \t]|\|\|)[ \t]*/;

function isEnded(after: string, stand: Stand): boolean {
  if (ended.test(after) || goesOnWithField.test(after) || goesOnWithWords.test(after)) return true;
  if (isField.test(after) || (stand.isQuery && query.test(after))) return true;
  const undone = undoEscapes(after.slice(0, 12));
  return undone !== after.slice(0, 12) && /^["'`\s<>)\]}]/.test(undone);
}

/** A word with a digit, an underscore or mixed case that is no type name: `org_B`, `17`, `orgB`. */
const looksLikeId =
  /^(?!(?:[uif]\d{1,3}|u?int\d+|float\d+|n?varchar2?|uuid_?v?\d|base\d+|sha\d*|md5|oauth2?|utf-?\d+|v\d+|http2?|s3)\b)(?:[\w@:/+~-]{0,64}\d|[\w-]{1,64}_\w|[a-z]{1,40}[A-Z])/;

function bareValue(rest: string, { own, names }: Scan, stand: Stand): Read {
  const length = own.lengthIn(rest);
  const after = rest.slice(length);
  if (length > 0 && (isEnded(after, stand) || listed.test(after))) return length;
  if (/^[,;)\]}|]|^<(?:[/!?]|[a-z][\w:]*[\s/>])/i.test(rest) && !isPlaceAtStart(rest)) return 'end';
  const word = /^[^\s"'`<>()[\]{},;|&]{1,600}/.exec(rest)?.[0] ?? '';
  if (!stand.isStrong) {
    const isWord = length > 0 && /^[\w@:/+~-]/.test(after);
    return isWord || (isIdLike(word) && !names.isName(word)) ? 'other' : 'end';
  }
  if (word !== '' && own.is(word) && isEnded(rest.slice(word.length), stand)) return word.length;
  // An escape follows. The unescaped form of the text is judged separately.
  if (undoEscapes(rest.slice(0, 12))[0] !== rest[0]) return 'end';
  const none = standsForNothing(rest.split('\n', 1)[0] ?? '');
  if (none > 0) return none;
  if (schema.test(rest) || /^[[({]\s*(?:$|[\])}]|\r?\n)/.test(rest)) return 'end';
  return explains(rest, names, stand) ? 'end' : 'other';
}

const isIdLike = (word: string): boolean => looksLikeId.test(word) && !/_(?:id|at|by)$/i.test(word);

/** The offset of the next value of a list; undefined when the list ends. */
export function nextIn(after: string, isInBrackets: boolean, stand: Stand): number | undefined {
  if (isField.test(after) || (stand.isQuery && query.test(after))) return undefined;
  const separator = isInBrackets ? /^\s*(?:[,;|]|\bor\b)\s*/i : listed;
  const below = /^[ \t]*\r?\n[ \t]*[-*\u2022][ \t]+(?=\S)/;
  const [found] = separator.exec(after) ?? (stand.isItem ? below.exec(after) : null) ?? [];
  if (found === undefined) return undefined;
  const next = after.slice(found.length);
  if (/^\s*$/.test(next) || /^[ \t]*\r?\n/.test(next)) return undefined;
  const isNextField =
    /^["'`]?[\w.$ -]{1,64}["'`]?[ \t]{0,4}(?:\?:|[:=(<>\u2192]|!=|\bIN\b|\bLIKE\b|\bIS\b)/.test(next);
  return isNextField || (!stand.isStrong && !/^["'`]/.test(next)) ? undefined : found.length;
}
