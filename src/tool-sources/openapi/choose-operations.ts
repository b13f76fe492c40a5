import type { OpenApiSettings } from '../config-downstream.ts';
import type { Downstream } from '../downstream/downstream.ts';
import type { Node } from '../json-schema/node.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { Tool } from '../tool/define-tool.ts';
import { toolName } from '../tool/tool-name.ts';
import { type ApiOperation, listOperations } from './list-operations.ts';
import { createOpenApiTool } from './openapi-tool.ts';
import { type Plan, planOperation } from './plan.ts';

/** The tools of a document, and why others of its operations are none. */
export type OpenApiTools = {
  readonly tools: readonly Tool[];
  /** Operations without a scope: nobody said who may call them. */
  readonly unscoped: readonly string[];
  /** Operations that cannot be sent as the document describes them, each with the reason. */
  readonly refused: readonly string[];
  /** Entries of the configuration that mean no operation of the document. */
  readonly mistakes: readonly string[];
};

export function createOpenApiTools(
  document: Node,
  settings: OpenApiSettings,
  downstream: Downstream,
): OpenApiTools {
  const tools: Tool[] = [];
  const plans: Plan[] = [];
  const unscoped: string[] = [];
  const refused: string[] = [];
  const operations = listOperations(document);
  for (const operation of operations) {
    const scope = scopeOf(operation, settings.scopes);
    const planned = planOperation(document, operation, settings.organization);
    if (scope === undefined) unscoped.push(operation.id);
    else if ('reason' in planned) refused.push(`${operation.id}: ${planned.reason}`);
    else {
      plans.push(planned.plan);
      tools.push(
        createOpenApiTool({
          document,
          operation,
          plan: planned.plan,
          name: toolName(settings.prefix, operation.id),
          scope,
          downstream,
          servesRest: settings.rest,
          checksReplies: settings.checkReplies,
        }),
      );
    }
  }
  const mistakes = [...unknownEntries(operations, settings), ...unknownOrganization(plans, settings)];
  return { tools, unscoped, refused, mistakes };
}

/** A mistyped name would leave the real parameter to the callers. */
function unknownOrganization(
  plans: readonly Plan[],
  { prefix, organization, organizationInDocument }: OpenApiSettings,
): string[] {
  if (!organizationInDocument || plans.length === 0 || plans.some(({ hasOrganization }) => hasOrganization)) {
    return [];
  }
  return [
    `downstreams ${prefix}: organization: expected the name of a parameter of the document, got "${organization.name}"; "organizationInDocument": false where it has none`,
  ];
}

/** By its id, else by its first tag that has one, else by its method. */
function scopeOf({ id, tags, method }: ApiOperation, scopes: OpenApiSettings['scopes']): Scope | undefined {
  const ofTag = tags.map((tag) => own(scopes.tags, tag)).find((scope) => scope !== undefined);
  return own(scopes.operations, id) ?? ofTag ?? own(scopes.methods, method);
}

const own = (scopes: Readonly<Record<string, Scope>>, name: string): Scope | undefined =>
  Object.hasOwn(scopes, name) ? scopes[name] : undefined;

/** A mistyped id would leave its operation closed, or open to another scope, and nobody would know. */
function unknownEntries(operations: readonly ApiOperation[], { prefix, scopes }: OpenApiSettings): string[] {
  const ids = new Set(operations.map(({ id }) => id));
  const tags = new Set(operations.flatMap((operation) => operation.tags));
  const wrong = (kind: string, names: readonly string[], known: ReadonlySet<string>) =>
    names
      .filter((name) => !known.has(name))
      .map((name) => `downstreams ${prefix}: scopes.${kind}: expected one of the document, got "${name}"`);
  return [
    ...wrong('operations', Object.keys(scopes.operations), ids),
    ...wrong('tags', Object.keys(scopes.tags), tags),
  ];
}
