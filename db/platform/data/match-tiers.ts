const strong = '{name occupation tags}';
const everywhere = '{name occupation tags biography city country}';

/**
 * The match expressions of a search, best first: all words in name, occupation and tags; all words anywhere;
 * any word anywhere. Each leaves out what those before it show. They rank without bm25, whose counts span
 * all organisations and would let one of them move another's order.
 *
 * `words` come from the index's own tokenizer and are quoted, so that they stay data.
 */
export function matchTiers(organizationToken: string, words: readonly string[]): readonly string[] {
  const own = `organization : ${quoted(organizationToken)}`;
  const allStrong = `${strong} : (${words.map(quoted).join(' AND ')})`;
  const all = `${everywhere} : (${words.map(quoted).join(' AND ')})`;
  const any = `${everywhere} : (${words.map(quoted).join(' OR ')})`;
  const tiers = [`${own} AND ${allStrong}`, `(${own} AND ${all}) NOT ${allStrong}`];
  // With one word, any is all.
  return words.length > 1 ? [...tiers, `(${own} AND ${any}) NOT ${all}`] : tiers;
}

const quoted = (word: string): string => `"${word.replaceAll('"', '""')}"`;
