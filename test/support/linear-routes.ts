import type { OperatorTool } from '../../src/tool/define-operator-tool.ts';
import type { Tool } from '../../src/tool/define-tool.ts';

type Target =
  | { readonly kind: 'rest'; readonly tool: Tool }
  | { readonly kind: 'operator'; readonly tool: OperatorTool };

type Pattern = { readonly method: string; readonly segments: readonly string[]; readonly target: Target };

/** What the router answers for an operation's path, found by trying one pattern after the other. */
export function linearRoutes(tools: readonly Tool[], operatorTools: readonly OperatorTool[]) {
  const patterns = [
    ...tools.flatMap((tool) => patternOf({ kind: 'rest', tool })),
    ...operatorTools.flatMap((tool) => patternOf({ kind: 'operator', tool })),
  ].sort((a, b) => parameters(a) - parameters(b));
  return (method: string, pathname: string) => {
    const segments = pathname.split('/').slice(1);
    const allow = new Set<string>();
    for (const pattern of patterns) {
      const pathArguments = matchSegments(segments, pattern.segments);
      if (pathArguments === undefined) continue;
      allow.add(pattern.method);
      if (pattern.method === method) return { ...pattern.target, pathArguments };
    }
    return { kind: 'public', allow: [...allow] };
  };
}

function patternOf(target: Target): Pattern[] {
  if (target.tool.rest === null) return [];
  const [method = '', path = ''] = target.tool.rest.split(' ');
  return [{ method, segments: path.split('/').slice(1), target }];
}

const isParameter = (segment: string): boolean => segment.startsWith('{');

const parameters = ({ segments }: Pattern): number => segments.filter(isParameter).length;

function matchSegments(
  segments: readonly string[],
  pattern: readonly string[],
): Record<string, string> | undefined {
  if (segments.length !== pattern.length) return undefined;
  const found: Record<string, string> = {};
  for (const [index, expected] of pattern.entries()) {
    const actual = segments[index] ?? '';
    if (!isParameter(expected)) {
      if (actual !== expected) return undefined;
      continue;
    }
    const value = decodeSegment(actual);
    if (value === undefined || value === '') return undefined;
    found[expected.slice(1, -1)] = value;
  }
  return found;
}

function decodeSegment(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
