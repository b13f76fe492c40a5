/** The path of a route, in segments; the lowest rank comes first. */
type Ranked = { readonly rank: number; readonly segments: readonly string[] };

type Node<Pattern> = {
  words: Map<string, Node<Pattern>> | undefined;
  parameter: Node<Pattern> | undefined;
  /** Those that end here. */
  readonly patterns: Pattern[];
};

export const isParameter = (segment: string): boolean => segment.startsWith('{');

/**
 * Finds the patterns whose words a path has, by rank; what their parameters may hold is for the router to judge. A path
 * is followed segment by segment, so its length counts and the number of patterns does not.
 *
 * By hand, since a path is compared byte for byte: the routers of others fold case, drop a slash at the end, or decode a
 * path before they compare it. Each of these opens a second door to the same operation, unknown to a proxy in front.
 */
export function createRouteIndex<Pattern extends Ranked>(
  patterns: readonly Pattern[],
): (segments: readonly string[]) => readonly Pattern[] {
  const root = newNode<Pattern>();
  for (const pattern of patterns) {
    let node = root;
    for (const segment of pattern.segments) node = childOf(node, segment);
    node.patterns.push(pattern);
  }
  return (segments) => {
    const found: Pattern[] = [];
    collect(root, segments, 0, found);
    return found.length < 2 ? found : found.sort((one, other) => one.rank - other.rank);
  };
}

const newNode = <Pattern>(): Node<Pattern> => ({ words: undefined, parameter: undefined, patterns: [] });

function childOf<Pattern>(node: Node<Pattern>, segment: string): Node<Pattern> {
  if (isParameter(segment)) {
    node.parameter ??= newNode();
    return node.parameter;
  }
  node.words ??= new Map();
  const known = node.words.get(segment);
  if (known !== undefined) return known;
  const child = newNode<Pattern>();
  node.words.set(segment, child);
  return child;
}

/** A word and a parameter in one position are both followed: the rank decides, not which is found first. */
function collect<Pattern>(
  node: Node<Pattern>,
  segments: readonly string[],
  depth: number,
  found: Pattern[],
): void {
  const segment = segments[depth];
  if (segment === undefined) {
    for (const pattern of node.patterns) found.push(pattern);
    return;
  }
  const word = node.words?.get(segment);
  if (word !== undefined) collect(word, segments, depth + 1, found);
  if (node.parameter !== undefined) collect(node.parameter, segments, depth + 1, found);
}
