import type { OperatorTool } from '../../tool/define-operator-tool.ts';
import type { Tool } from '../../tool/define-tool.ts';
import type { Operation } from '../../tool/operation.ts';
import type { CallersDocument } from '../rest/document-routes.ts';
import type { Protocol } from './failure-response.ts';
import { createRouteIndex, isParameter } from './route-index.ts';

/** Where a path leads, before it is known whether the method fits. */
export type Route =
  /** Every method but OPTIONS leads to the credential; what passes it and is no POST is then 405. */
  | { readonly kind: 'mcp'; readonly urlSegment: string | undefined; readonly isPost: boolean }
  /** Where clients look for a sign-in; reached with a credential alone. */
  | { readonly kind: 'sign-in' }
  | { readonly kind: 'document'; readonly render: CallersDocument }
  /** Needs no credential, if it is there at all: `allow` names the methods that the path answers otherwise. */
  | { readonly kind: 'public'; readonly allow: readonly string[] }
  | ({ readonly pathArguments: Readonly<Record<string, string>> } & Target);

/** An operation behind a path: of the callers of one organisation, or of the operator. */
type Target =
  | { readonly kind: 'rest'; readonly tool: Tool }
  | { readonly kind: 'operator'; readonly tool: OperatorTool };

export type Match = { readonly protocol: Protocol; readonly route: Route };

export type Router = { match(method: string, pathname: string): Match };

type RestPattern = {
  readonly method: string;
  readonly segments: readonly string[];
  readonly parameters: readonly Parameter[];
  readonly target: Target;
};

type Parameter = { readonly name: string; readonly index: number };

/** Paths are matched byte for byte: no case folding, no trailing slash, no second door. */
export function createRouter(
  tools: readonly Tool[],
  operatorTools: readonly OperatorTool[],
  documents: ReadonlyMap<string, CallersDocument>,
): Router {
  const patterns = [
    ...tools.flatMap((tool) => restPattern(tool, { kind: 'rest', tool })),
    ...operatorTools.flatMap((tool) => restPattern(tool, { kind: 'operator', tool })),
  ].sort(bySpecificity);
  const findPatterns = createRouteIndex(patterns.map((pattern, rank) => ({ ...pattern, rank })));
  return {
    match(method, pathname) {
      if (pathname === '/mcp') return matchMcp(method, undefined);
      const render = documents.get(pathname);
      if (render !== undefined && method === 'GET') {
        return { protocol: 'rest', route: { kind: 'document', render } };
      }
      const segments = pathname.split('/').slice(1);
      if (segments.length === 3 && segments[0] === 'o' && segments[2] === 'mcp') {
        return matchMcp(method, segments[1] ?? '');
      }
      return matchRest(method, segments, findPatterns(segments));
    },
  };
}

function matchMcp(method: string, urlSegment: string | undefined): Match {
  if (method === 'OPTIONS') return { protocol: 'mcp', route: { kind: 'public', allow: ['POST'] } };
  return { protocol: 'mcp', route: { kind: 'mcp', urlSegment, isPost: method === 'POST' } };
}

/** `patterns` have the words of the path, the first in rank first. */
function matchRest(method: string, segments: readonly string[], patterns: readonly RestPattern[]): Match {
  for (const pattern of patterns) {
    if (pattern.method !== method) continue;
    const pathArguments = argumentsIn(segments, pattern);
    if (pathArguments !== undefined) return { protocol: 'rest', route: { ...pattern.target, pathArguments } };
  }
  const others = patterns.filter((pattern) => argumentsIn(segments, pattern) !== undefined);
  const allow = [...new Set(others.map((pattern) => pattern.method))];
  return { protocol: 'rest', route: { kind: 'public', allow } };
}

function restPattern({ rest }: Operation, target: Target): RestPattern[] {
  if (rest === null) return [];
  const [method = '', path = ''] = rest.split(' ');
  const segments = path.split('/').slice(1);
  const parameters = segments.flatMap((segment, index) =>
    isParameter(segment) ? [{ name: segment.slice(1, -1), index }] : [],
  );
  return [{ method, segments, parameters, target }];
}

/** A word comes before a parameter in the same position, so `/v1/agents/search` is not an agent. */
const bySpecificity = (a: RestPattern, b: RestPattern): number => a.parameters.length - b.parameters.length;

/** Undefined where a parameter would be empty, or is no text in UTF-8. */
function argumentsIn(
  segments: readonly string[],
  { parameters }: RestPattern,
): Record<string, string> | undefined {
  const found: Record<string, string> = {};
  for (const { name, index } of parameters) {
    const value = decodeSegment(segments[index] ?? '');
    if (value === undefined || value === '') return undefined;
    found[name] = value;
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
