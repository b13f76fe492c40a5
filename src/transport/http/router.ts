import type { OperatorTool } from '../tool/define-operator-tool.ts';
import type { Tool } from '../tool/define-tool.ts';
import type { Operation } from '../tool/operation.ts';
import type { RenderDocument } from './document-routes.ts';
import type { Face } from './failure-response.ts';

/** Where a path leads, before it is known whether the method fits. */
export type Route =
  | { readonly kind: 'mcp'; readonly urlSegment: string | undefined }
  | { readonly kind: 'document'; readonly render: RenderDocument }
  | ({ readonly pathArguments: Readonly<Record<string, string>> } & Target);

/** An operation behind a path: of the callers of one organisation, or of the operator. */
type Target =
  | { readonly kind: 'rest'; readonly tool: Tool }
  | { readonly kind: 'operator'; readonly tool: OperatorTool };

/** `allow` names the methods that the path answers; none for a path that is not there. */
export type Match = { readonly face: Face } & (
  | { readonly found: true; readonly route: Route }
  | { readonly found: false; readonly allow: readonly string[] }
);

export type Router = { match(method: string, pathname: string): Match };

type RestPattern = { readonly method: string; readonly segments: readonly string[]; readonly target: Target };

/** Paths are matched byte for byte: no case folding, no trailing slash, no second door. */
export function createRouter(
  tools: readonly Tool[],
  operatorTools: readonly OperatorTool[],
  rendering: Readonly<Record<string, RenderDocument>>,
): Router {
  const byPath = new Map(Object.entries(rendering));
  const patterns = [
    ...tools.flatMap((tool) => restPattern(tool, { kind: 'rest', tool })),
    ...operatorTools.flatMap((tool) => restPattern(tool, { kind: 'operator', tool })),
  ].sort(bySpecificity);
  return {
    match(method, pathname) {
      if (pathname === '/mcp') return matchMcp(method, undefined);
      const render = byPath.get(pathname);
      if (render !== undefined && method === 'GET') {
        return { face: 'rest', found: true, route: { kind: 'document', render } };
      }
      const segments = pathname.split('/').slice(1);
      if (segments.length === 3 && segments[0] === 'o' && segments[2] === 'mcp') {
        return matchMcp(method, segments[1] ?? '');
      }
      return matchRest(method, segments, patterns);
    },
  };
}

function matchMcp(method: string, urlSegment: string | undefined): Match {
  if (method !== 'POST') return { face: 'mcp', found: false, allow: ['POST'] };
  return { face: 'mcp', found: true, route: { kind: 'mcp', urlSegment } };
}

function matchRest(method: string, segments: readonly string[], patterns: readonly RestPattern[]): Match {
  const allow = new Set<string>();
  for (const pattern of patterns) {
    const pathArguments = matchSegments(segments, pattern.segments);
    if (pathArguments === undefined) continue;
    allow.add(pattern.method);
    if (pattern.method !== method) continue;
    return { face: 'rest', found: true, route: { ...pattern.target, pathArguments } };
  }
  return { face: 'rest', found: false, allow: [...allow] };
}

function restPattern({ rest }: Operation, target: Target): RestPattern[] {
  if (rest === null) return [];
  const [method = '', path = ''] = rest.split(' ');
  return [{ method, segments: path.split('/').slice(1), target }];
}

const isParameter = (segment: string): boolean => segment.startsWith('{');

/** A word comes before a parameter in the same place, so `/v1/agents/search` is not an agent. */
function bySpecificity(a: RestPattern, b: RestPattern): number {
  const parameters = ({ segments }: RestPattern) => segments.filter(isParameter).length;
  return parameters(a) - parameters(b);
}

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
