import { TENANT_WORDS } from '../organization/organization-name.ts';
import type { ReplyNames } from './reply-names.ts';

const END = String.raw`(?=\s*(?:$|[,;|)\]}<"'\x60]|[.!](?:\s|$)|\/>)|\t|[ ]{2}|\s+(?:#|\/\/|--|\(|[-–—]\s))`;

/** Texts that mean "no value". */
const nothing = new RegExp(
  String.raw`^(?:null|nil|none|undefined|n\/?a|nan|true|false|0|[-–—]{1,3}|~|\?{1,3}|\*{1,12}|x{3,}|\u2026|\.{3}|unknown|unset|not set|empty|missing|required|optional|tbd|yes|no|any|[[(<]?(?:none|null|redacted|hidden|filtered|removed|masked)[\])>]?|[\u2713\u2714\u2717\u2718])${END}`,
  'i',
);

const TYPE = String.raw`(?:string|str|text|n?varchar2?|character varying|char|uuid(?:\.uuid|v?\d)?|guid|ulid|cuid|nanoid|u?int(?:8|16|32|64)?|integer|[iu](?:32|64)|bigint|smallint|serial|bigserial|num|number|numeric|float|double|long|any|object|bool|boolean|id|objectid|array|list|keyword|never|slug|identifier|hash|binary\(16\))`;
/** `string`, `ID!`, `[ID!]!`, `varchar(36) NOT NULL`, `*string`, `string (required)`. */
const type = new RegExp(
  String.raw`^[*&?]?(?:\[\]|\[)?${TYPE}(?:\[\])?(?:\(\d{1,5}\))?[!?\]]{0,4}(?=\s*(?:$|[;,|)\]}>=!?"'\x60<#\n]|\/\/)|\s+(?:[-–—(]|\*\/|not\b|null\b|primary\b|references\b|unique\b|default\b|required\b|optional\b|foreign\b|check\b|generated\b|format\b|of\b|identifying\b))`,
  'i',
);
const generic =
  /^(?:Mapped|Optional|List|Array|ReadonlyArray|Set|HashSet|Promise|Option|Vec|Union|Annotated|Column|Sequence|Iterable|Maybe|Ref|Nullable|Dict|Map|Record|ClassVar|Final|NonNull|Prop|PropType|Signal|list|set|dict)[<[]/;

const opener =
  /^(?:the|an?|your|its|this|that|which|whose|is|are|was|must|may|should|can|cannot|can't|could|has|have|does|do|did|not|no|none|required|optional|missing|invalid|unknown|unexpected|expected|received|got|fields?|values?|ids?|identifier|identifies|unique|when|if|see|use|used|set|filters?|only|input|please|specify|provide|returns?|foreign|primary|defaults?|internal|external|numeric|each|all|it|you|in|from|for|of|to|by|on|as|too|already|organi[sz]ation(?:'s)?|tenant|uuid|string|integer|number|type)\b/i;
const aboutFields =
  /[\s/](?:ids?|identifiers?|organi[sz]ations?|orgs?|tenants?|workspaces?|fields?|values?|strings?|integers?|numbers?|uuid|required|optional|missing|invalid|valid|blank|empty|null|headers?|param(?:eter)?s?|arguments?|keys?|types?|formats?|object|array|be|not|least|allowed|must|received|characters?|given|found|exists?|input|query|request|reference|your|belongs?)\b/i;

/** Placeholder names, as documentation writes them in place of a value. */
const PLACE = `(?:(?:your|my|the|an?|some|target|current|new|old|external|source)[ _.-]?){0,3}(?:${TENANT_WORDS}(?:[ _.-]?(?:id|identifier|uuid|slug|key))?|id|uuid|identifier)`;
const place = new RegExp(
  String.raw`^(?:<(?:${PLACE}|string|uuid|integer|value|[\w ]{0,60}\b(?:id|${TENANT_WORDS}) [\w ]{0,60}|(?:your|the|an?|some) [\w '.-]{1,60})>|\{\s{0,4}(?:${PLACE}|string|uuid)\s{0,4}\}|\{\{[^{}\n]{0,80}\}\}|[$#]\{[^{}\n]{0,80}\}|%\(\w{1,64}\)s|%[sdv]\b|\$\(?\w{1,64}\)?|\.{3}|\u2026|your[ _.-](?:${TENANT_WORDS}(?:[ _.-]?(?:id|identifier|uuid|slug|key))?|id|uuid)(?![\w-])|[A-Z_]{0,40}${TENANT_WORDS}_?ID(?![\w-]))`,
  'i',
);
const bound = /^(?:[:@][a-z_]\w{0,64}|\?\d{0,2})(?![\w.-])/i;

/** Whether the whole text is a placeholder: `YOUR_ORG_ID`, `<organization_id>`, `{organization_id}`, `...`. */
export const isPlaceToFill = (text: string): boolean =>
  place.exec(text)?.[0].length === text.length && !/^\$[^A-Z{(]/.test(text);

const IDENTIFIER = String.raw`[A-Za-z_$][\w$]{0,63}`;
const path = new RegExp(
  String.raw`^[!&*]?${IDENTIFIER}(?:(?:!?\.|\?\.|->|::)"?${IDENTIFIER}"?|!?\??\.?\[["']?[\w-]{1,64}["']?\]){0,8}`,
);
const codeRoot =
  /^(?:req|request|ctx|context|this|self|params|args|kwargs|user|session|props|data|input|body|config|cfg|process|env|settings|payload|event|state|current_?user|excluded|new|old|auth|claims|headers|query|options|opts|obj|item|row|record|os|[a-z])$/i;
const codeLeaf = new RegExp(`^(?:${TENANT_WORDS}|id|uuid|slug|key|value|code)$`, 'i');
const fieldLeaf = new RegExp(`${TENANT_WORDS}_?(?:id|uuid|key|slug)s?$`, 'i');
const codeCall =
  /^(?:str|int|String|Number|parseInt|Field|Column|Depends|Optional|ForeignKey|mapped_column|Header|Query|Path|Body|coalesce|cast|nullif|lower|trim|min|max|count|any|all|now|uuid4?|gen_random_uuid|current_setting)$/i;
const codeWord =
  /^(?:new\s+[\w.]{1,64}\(|await\s+[\w.]{1,64}[(;]|lambda\s|function\b|async\s*\(|typeof\s|\([\w\s,:]{0,80}\)\s*=>|keyof\s|select\s[\w.*,"` ]{1,200}\sfrom\s)/i;
const afterCode =
  /^(?:\s*(?:$|[,;)\]}|!?=<>"'\x60&+*]|\n)|\s+(?:and|or|on|as|is|in|if|for|where|else|not|like|order|group|limit|returning|join|inner|left)\b|\s*\/\/|\s+#)/i;

function isCode(text: string, names: ReplyNames, isInCode: boolean): boolean {
  if (codeWord.test(text) || generic.test(text)) return true;
  const [found] = path.exec(text) ?? [];
  if (found === undefined) return false;
  const parts = found.split(/->|[^\w$-]+/).filter((part) => part !== '');
  const [root = '', leaf = ''] = [parts[0], parts.at(-1)];
  const isField = names.isName(leaf) || fieldLeaf.test(leaf);
  const after = text.slice(found.length, found.length + 200);
  if (after.startsWith('(')) return isInCode || isCall(leaf, parts.length, after, names);
  if (!afterCode.test(after)) return false;
  if (isField || isInCode) return true;
  return (
    parts.length > 1 && codeRoot.test(root) && (parts.length > 2 || codeLeaf.test(leaf) || root === 'this')
  );
}

/** A call such as `get_id()`, `z.string()` or `str(org_id)`; `acme(eu)` is none, since it may be an id. */
function isCall(callee: string, parts: number, after: string, names: ReplyNames): boolean {
  const inside = /^\(([^()\n]{0,150})/.exec(after)?.[1] ?? '';
  if (codeCall.test(callee) || (inside === '' && after[1] === ')')) return true;
  if (inside.split(/[^\w$]+/).some((word) => names.isName(word) || fieldLeaf.test(word))) return true;
  return (parts > 1 || /_|[a-z][A-Z]/.test(callee)) && /[.,='"(]/.test(after.slice(1));
}

/** The context of an unquoted value. */
export type Around = {
  /** True after `const`, `this.` or the like: the value is code. */
  readonly isInCode: boolean;
  /** True after `=`, where SQL writes parameters as `:name` and `@name`. */
  readonly isAssigned: boolean;
};

/** Whether the text after a name explains the field, or is code whose value cannot be read here. */
export function explains(text: string, names: ReplyNames, around: Around): boolean {
  const [line = ''] = text.split('\n', 1);
  if (nothing.test(line) || type.test(line) || place.test(line)) return true;
  if (around.isAssigned && bound.test(line)) return true;
  if (opener.test(line) && aboutFields.test(line)) return true;
  return isCode(line, names, around.isInCode);
}

/** The length of a "no value" text at the start, or 0. In a list more values may follow it. */
export const standsForNothing = (text: string): number => nothing.exec(text)?.[0].length ?? 0;
