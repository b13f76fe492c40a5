import type { OpenApiSettings } from '../../config/downstreams.ts';
import type { Node } from '../../json-schema/node.ts';
import type { Scope } from '../../scopes/scopes.ts';
import { hint } from '../../words/did-you-mean.ts';
import { type ApiOperation, listOperations } from './list-operations.ts';
import { type Plan, planOperation } from './plan.ts';

export type Chosen = { readonly operation: ApiOperation; readonly plan: Plan; readonly scope: Scope };

export type ChosenOperations = {
  readonly chosen: readonly Chosen[];
  /** Operations without a scope. Nobody may call them. */
  readonly unscoped: readonly string[];
  /** Operations that cannot be sent as the document describes them, each with the reason. */
  readonly refused: readonly string[];
  /** Entries of the configuration that match nothing in the document. */
  readonly mistakes: readonly string[];
};

/**
 * The operations that can be served: each has a scope, and its request can be built. `known` are ids that the document
 * once had.
 */
export function chooseOperations(
  document: Node,
  settings: OpenApiSettings,
  known: ReadonlySet<string>,
  isTrial = false,
): ChosenOperations {
  const chosen: Chosen[] = [];
  const plans: Plan[] = [];
  const unscoped: string[] = [];
  const refused: string[] = [];
  const rivals: string[] = [];
  const operations = listOperations(document);
  for (const operation of operations) {
    const { id } = operation;
    const scope = scopeOf(operation, settings.scopes);
    const planned = planOperation(document, operation, settings.organization);
    if ('plan' in planned) plans.push(planned.plan);
    else if (planned.rival !== undefined) rivals.push(planned.rival);
    if (scope === undefined) unscoped.push(id);
    else if ('reason' in planned) refused.push(`${id}: ${planned.reason}`);
    else chosen.push({ operation, plan: planned.plan, scope });
  }
  const entries = unknownEntries(operations, settings, known);
  // Wrong scopes hide which operations are meant, so all of them count.
  const areScopesWrong = entries.length > 0 || (isTrial && chosen.length === 0);
  const meant = areScopesWrong ? plans : chosen.map(({ plan }) => plan);
  const mistakes = [
    ...entries,
    ...unknownOrganization(meant, rivals, settings),
    ...unknownSlashes(meant, settings),
  ];
  return { chosen, unscoped, refused, mistakes };
}

/** With a mistyped name callers would set the real parameter themselves. */
function unknownOrganization(
  plans: readonly Plan[],
  rivals: readonly string[],
  { prefix, organization, organizationInDocument }: OpenApiSettings,
): string[] {
  const isAsked = organizationInDocument && plans.length + rivals.length > 0;
  if (!isAsked || plans.some(({ hasOrganization }) => hasOrganization)) return [];
  const [rival] = rivals;
  const remedy =
    rival === undefined ? '"organizationInDocument": false where it has none' : `did you mean "${rival}"?`;
  return [
    `downstreams ${prefix}: organization: expected the name of a parameter of the document, got "${organization.name}"; ${remedy}`,
  ];
}

/** With a mistyped name the real parameter would still refuse slashes. */
function unknownSlashes(plans: readonly Plan[], { prefix, slashes = [] }: OpenApiSettings): string[] {
  const inPath = new Set(
    plans.flatMap((plan) =>
      plan.arguments
        .filter(({ parameter }) => parameter.in === 'path')
        .map(({ parameter }) => parameter.name),
    ),
  );
  return slashes
    .filter((name) => !inPath.has(name))
    .map(
      (name) =>
        `downstreams ${prefix}: slashes: expected a parameter in the path of an operation that is exposed, got "${name}"`,
    );
}

/** Looks up the scope by id, then by the first tag with a scope, then by method. */
function scopeOf({ id, tags, method }: ApiOperation, scopes: OpenApiSettings['scopes']): Scope | undefined {
  const ofTag = tags.map((tag) => own(scopes.tags, tag)).find((scope) => scope !== undefined);
  return own(scopes.operations, id) ?? ofTag ?? own(scopes.methods, method);
}

const own = (scopes: Readonly<Record<string, Scope>>, name: string): Scope | undefined =>
  Object.hasOwn(scopes, name) ? scopes[name] : undefined;

/** With a mistyped id an operation would silently stay closed, or get another scope. */
function unknownEntries(
  operations: readonly ApiOperation[],
  { prefix, scopes }: OpenApiSettings,
  known: ReadonlySet<string>,
): string[] {
  const ids = new Set([...operations.map(({ id }) => id), ...known]);
  const tags = new Set(operations.flatMap((operation) => operation.tags));
  const wrong = (kind: string, names: readonly string[], known: ReadonlySet<string>) =>
    names
      .filter((name) => !known.has(name))
      .map(
        (name) =>
          `downstreams ${prefix}: scopes.${kind}: expected one of the document, got "${name}"${hint(name, [...known])}`,
      );
  return [
    ...wrong('operations', Object.keys(scopes.operations), ids),
    ...wrong('tags', Object.keys(scopes.tags), tags),
  ];
}
