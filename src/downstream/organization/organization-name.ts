import { bytesOf, decodeBytes, readingsOf } from '../percent-decoding.ts';
import { foldText, isAscii, plainName, signs } from './spelling.ts';

/** Words for a tenant, in lower case, as the source of a regular expression. */
export const TENANT_WORDS = '(?:org|organi[sz]ation|tenant|workspace|company|customer|account)';

/** Names that always mean the organisation, on every platform; in the form of `plainName`. */
const ours = ['organizationid', 'organisationid', 'xorganizationid', 'xorganisationid'];

/**
 * In characters. A longer name is not split into words: it counts as the organisation's when it contains such a name
 * anywhere.
 */
const LONGEST_WITH_PARTS = 256;
/** In characters. The plural of a shorter name, such as `ids`, does not mean organisations. */
const LEAST_WITH_PLURAL = 3;

/** Words that platforms add to a field's name to form a filter: `organization_id_in`, `filterByOrganizationId`. */
const filterWords: ReadonlySet<string> = new Set(
  (
    'all any array between by contains cont csv end ends eq equal equals exact filter filters find ge greater gt ' +
    'gte icontains iexact ilike in includes is isnull le less like list lt lte match matches ne neq nin not ' +
    'notin null or q query range regex search start starts than value values where'
  ).split(' '),
);

const isFilterWord = (word: string): boolean => filterWords.has(word) || /^\d+$/.test(word);

type Wanted = { readonly names: ReadonlySet<string>; readonly inside: RegExp; readonly longest: number };

function wantedOf(words: readonly string[]): Wanted {
  const kept = words.filter((word) => word !== '');
  const names = kept.flatMap(withPlurals);
  const inside = new RegExp(names.join('|'), 'i');
  return { names: new Set(names), inside, longest: Math.max(...names.map(({ length }) => length)) };
}

/** A name with its plurals: `organizationids`, and `organizationsid` for `organizations[id]`. */
function withPlurals(name: string): readonly string[] {
  if (name.length < LEAST_WITH_PLURAL) return [name];
  const stem = /^(.{3,})id$/u.exec(name)?.[1];
  return [name, `${name}s`, ...(stem === undefined ? [] : [`${stem}sid`, `${stem}sids`])];
}

/** Checks the name as it is and as each further decoding hop would read it. */
const holdsName = (name: string, wanted: Wanted): boolean =>
  readingsOf(name, decodeText).some((reading) => holdsNameAsItIs(reading, wanted));

const decodeText = (text: string): string => Buffer.from(decodeBytes(bytesOf(text)), 'latin1').toString();

function holdsNameAsItIs(name: string, { names, inside, longest }: Wanted): boolean {
  if (name.length > LONGEST_WITH_PARTS) return inside.test(name.replaceAll(signs, ''));
  const text = isAscii(name) ? name : foldText(name);
  const plain = text.toLowerCase().replaceAll(/[^\p{L}\p{N}]/gu, '');
  // Fast exit for most names.
  if (!inside.test(plain)) return false;
  if (names.has(plain)) return true;
  const parts = partsOf(text);
  const words = parts.flatMap((part, at) => part.map((word, place) => ({ word, part: at, place })));
  const isAlone = (first: (typeof words)[number], last: (typeof words)[number]): boolean =>
    (parts[first.part] ?? []).slice(0, first.place).every(isFilterWord) &&
    (parts[last.part] ?? []).slice(last.place + 1).every(isFilterWord);
  return words.some((first, start) => {
    let joined = '';
    for (const last of words.slice(start)) {
      joined += last.word;
      if (joined.length > longest) return false;
      if (names.has(joined) && isAlone(first, last)) return true;
    }
    return false;
  });
}

/**
 * Splits a name into parts, and each part into words. `filter[organization_id]`, `study__organization.id` and
 * `a->organizationId` have several parts. The words of one part form one name, so `parent_organization_id` differs from
 * `organization_id`.
 */
const partsOf = (text: string): readonly (readonly string[])[] =>
  text.split(/[^\p{L}\p{N}\s_-]+|__+/u).map((part) =>
    part
      .split(/[\s_-]+|(?<=[\p{Ll}\p{N}])(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/u)
      .filter((word) => word !== '')
      .map((word) => word.toLowerCase()),
  );

const wantedOfOurs = wantedOf(ours);

export const namesOrganization = (name: string): boolean => holdsName(name, wantedOfOurs);

/**
 * A predicate for names of the organisation: ours and the given `words` of the platform, in any spelling, alone or as a
 * filter.
 */
export function organizationNames(words: readonly string[]): (name: string) => boolean {
  const wanted = wantedOf([...ours, ...words.map(plainName)]);
  return (name) => holdsName(name, wanted);
}
