import type { z } from 'zod';
import { unknownNames } from './did-you-mean.ts';
import { type InputIssue, nearestAlternative, oneOf, REQUIRED, sized, typeNoun, wrongType } from './issue.ts';

type Issue = z.core.$ZodIssue;
type Path = readonly PropertyKey[];

/** An issue with its path in parts, and the names that are unknown there. */
export type PlacedIssue = InputIssue & {
  readonly at: Path;
  readonly unknown: readonly string[];
  /** Whether a part is of the right form, and is at odds with a rule of the schema's own. */
  readonly isRefined: boolean;
};

/** For `schema.safeParse(value, { error: zodWords })`: zod's issues in plain words; a schema's own messages win. */
export const zodWords: z.core.$ZodErrorMap = (issue) => wordsOf(issue as RawIssue);

/** The issues that `zodWords` put into words; of a union those of the alternative that is closest to what was sent. */
export const zodIssues = (error: z.core.$ZodError): readonly InputIssue[] =>
  placedIssues(error).map(({ path, expected }) => ({ path, expected }));

export const placedIssues = (error: z.core.$ZodError): readonly PlacedIssue[] =>
  error.issues.flatMap((issue) => placed(issue, []));

function placed(issue: Issue, above: Path): readonly PlacedIssue[] {
  const at = [...above, ...issue.path];
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys : [];
  const isUnion = issue.code === 'invalid_union' && issue.errors.length > 0 && issue.message === UNION;
  const isRefined = issue.code === 'custom';
  if (!isUnion) return [{ path: pathText(at), expected: issue.message, at, unknown, isRefined }];
  // What the alternatives say of the union's own place has no path there.
  const alternatives = issue.errors.map((errors) => errors.flatMap((inner) => placed(inner, [])));
  return nearestAlternative(alternatives).map((inner) => {
    const {
      at: deeper,
      unknown,
      isRefined,
    } = 'at' in inner ? inner : { at: [], unknown: [], isRefined: false };
    const below = [...at, ...deeper];
    return { ...inner, path: pathText(below), at: below, unknown, isRefined };
  });
}

const pathText = (path: Path): string => path.map(String).join('.');

/** Marks a union until its alternatives are checked. */
const UNION = 'expected one of several forms';

type RawIssue = z.core.$ZodRawIssue<Issue>;

function wordsOf(issue: RawIssue): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.input === undefined) return REQUIRED;
      return wrongType([isWhole(issue) ? 'int' : issue.expected], issue.input);
    case 'invalid_value':
      return issue.input === undefined ? REQUIRED : oneOf(issue.values);
    case 'too_small':
      return `expected ${issue.inclusive === false ? 'more than' : 'at least'} ${sized(issue.origin, issue.minimum)}`;
    case 'too_big':
      return `expected ${issue.inclusive === false ? 'less than' : 'at most'} ${sized(issue.origin, issue.maximum)}`;
    case 'not_multiple_of':
      return `expected a multiple of ${issue.divisor}`;
    case 'invalid_format':
      return formatWords(issue);
    case 'unrecognized_keys':
      return unknownNames(issue.keys, knownKeys(issue.inst));
    case 'invalid_union':
      return issue.input === undefined ? REQUIRED : unionWords(issue);
    case 'invalid_key':
    case 'invalid_element': {
      const [inner] = issue.issues;
      const what = issue.code === 'invalid_key' ? 'name' : 'item';
      return inner === undefined ? `expected another ${what}` : `as a ${what} ${inner.message}`;
    }
    default:
      return 'is not valid';
  }
}

type UnionIssue = Extract<RawIssue, { code: 'invalid_union' }>;

const unionWords = (issue: UnionIssue): string => {
  const options = 'options' in issue && Array.isArray(issue.options) ? issue.options : undefined;
  return issue.errors.length === 0 && options !== undefined ? oneOf(options) : UNION;
};

const isWhole = ({ inst }: RawIssue): boolean => {
  const def: object = inst?._zod.def ?? {};
  return 'format' in def && typeof def.format === 'string' && /int/.test(def.format);
};

/** The fields of the object, or the names of the record, that met an unknown one. */
function knownKeys(inst: RawIssue['inst']): readonly string[] {
  const def: object = inst?._zod.def ?? {};
  if ('keyType' in def) return [...((def.keyType as z.core.$ZodType)._zod.values ?? [])].map(String);
  return 'shape' in def && typeof def.shape === 'object' && def.shape !== null ? Object.keys(def.shape) : [];
}

const formats: Readonly<Record<string, string>> = {
  email: 'an e-mail address',
  url: 'a URL',
  uuid: 'a UUID',
  datetime: 'a time such as 2026-11-20T09:00:00Z',
  date: 'a day such as 2026-11-20',
  time: 'a time of day such as 09:00:00',
  ipv4: 'an IPv4 address',
  ipv6: 'an IPv6 address',
  cidrv4: 'an IPv4 range such as 10.0.0.0/8',
  cidrv6: 'an IPv6 range such as fd00::/8',
};

type FormatIssue = Extract<RawIssue, { code: 'invalid_format' }>;

function formatWords(issue: FormatIssue): string {
  if ('prefix' in issue) return `expected a text that starts with ${JSON.stringify(issue.prefix)}`;
  if ('suffix' in issue) return `expected a text that ends with ${JSON.stringify(issue.suffix)}`;
  if ('includes' in issue) return `expected a text with ${JSON.stringify(issue.includes)} in it`;
  if (issue.format === 'regex' && issue.pattern !== undefined)
    return `expected a text that matches ${issue.pattern}`;
  return `expected ${formats[issue.format] ?? typeNoun(issue.format)}`;
}
