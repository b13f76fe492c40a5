const strong = '{name occupation tags}';
const everywhere = '{name occupation tags biography city country}';

/**
 * The match expressions of a search, best first: all words in name, occupation and tags; all words anywhere; any word
 * anywhere. Each excludes the results of the ones before. bm25 is not used: its statistics span all organisations, so
 * one could change the ranking of another.
 *
 * `words` come from the index's own tokenizer and are quoted, so that they cannot become syntax.
 */
export function matchTiers(organizationToken: string, words: readonly string[]): readonly string[] {
  const own = `organization : ${quoted(organizationToken)}`;
  const allStrong = `${strong} : (${words.map(quoted).join(' AND ')})`;
  const all = `${everywhere} : (${words.map(quoted).join(' AND ')})`;
  const any = `${everywhere} : (${words.map(quoted).join(' OR ')})`;
  const tiers = [`${own} AND ${allStrong}`, `(${own} AND ${all}) NOT ${allStrong}`];
  // With a single word, "any" and "all" are the same.
  return words.length > 1 ? [...tiers, `(${own} AND ${any}) NOT ${all}`] : tiers;
}

const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;
