import type { OpenApiSettings } from '../../config/downstreams.ts';
import type { Downstream, DownstreamTerms } from '../../downstream/downstream.ts';
import { mayLeaveUntold, tellsOrganization } from '../../downstream/organization/organization-location.ts';
import { organizationNames } from '../../downstream/organization/organization-name.ts';
import { canBeSent } from '../../downstream/organization/write-organization.ts';
import type { Node } from '../../json-schema/node.ts';
import { allowsObject } from '../../json-schema/properties.ts';
import type { Tool } from '../../tool/define-tool.ts';
import { rivalsAmong, rivalsIn, takesGraphQl } from '../rival-names.ts';
import { toolNames } from '../tool-name.ts';
import { type Chosen, type ChosenOperations, chooseOperations } from './choose-operations.ts';
import { createOpenApiTool } from './openapi-tool.ts';

/** The tools of a document, and the reasons why other operations are not served. */
export type OpenApiTools = Omit<ChosenOperations, 'chosen'> & {
  readonly tools: readonly Tool[];
  /** Operations that are new or changed since the operator approved the document. */
  readonly held: readonly string[];
  /** How many refused operations cannot tell the platform the organisation; undefined for none. */
  readonly untold: number | undefined;
  /** Arguments that could name an organisation by another word, each with its operation. */
  readonly rivals: readonly string[] | undefined;
};

/**
 * What the operator has approved of a document, and what has changed since. Empty for a local file, which needs no
 * approval.
 */
export type Pinned = {
  readonly approved?: ReadonlySet<string>;
  readonly held?: ReadonlySet<string>;
  /** Whether only mistakes are reported. The settings may then lack mistyped scopes. */
  readonly isTrial?: boolean;
};

export function createOpenApiTools(
  document: Node,
  settings: OpenApiSettings,
  downstream: Downstream,
  { approved = new Set(), held = new Set(), isTrial = false }: Pinned = {},
): OpenApiTools {
  const { chosen, unscoped, refused, mistakes } = chooseOperations(document, settings, approved, isTrial);
  const { told, untold, unsendable } = requestsOf(document, chosen, downstream.terms);
  const open = told.filter(({ operation }) => !held.has(operation.id));
  const nameOf = toolNames(
    settings.prefix,
    open.map(({ operation }) => operation.id),
  );
  const tools = open.map((each) =>
    createOpenApiTool({
      ...each,
      document,
      name: nameOf(each.operation.id),
      downstream,
      servesRest: settings.rest,
      slashes: settings.slashes ?? [],
      checksReplies: settings.checkReplies,
    }),
  );
  const rivals = open.flatMap((each) =>
    rivalsOf(document, each).map((name) => `${each.operation.id}: ${name}`),
  );
  return {
    tools,
    unscoped,
    refused: [
      ...refused,
      ...unsendable.map(({ operation: { id, path } }) => `${id}: its path "${path}" cannot be sent`),
      ...untold.map(({ operation: { id } }) => `${id}: nothing in it tells the platform the organisation`),
    ],
    untold: untold.length === 0 ? undefined : untold.length,
    rivals: rivals.length === 0 ? undefined : rivals,
    held: told.map(({ operation }) => operation.id).filter((id) => held.has(id)),
    mistakes,
  };
}

/**
 * Sorts operations into those that can be sent with the organisation, those that cannot tell it, and those that cannot
 * be sent.
 */
function requestsOf(document: Node, chosen: readonly Chosen[], terms: DownstreamTerms) {
  const sendable = chosen.filter(({ operation }) => canBeSent(terms.basePath + operation.path));
  const told = sendable.filter((each) => isTold(document, each, terms));
  return {
    told,
    untold: sendable.filter((each) => !told.includes(each)),
    unsendable: chosen.filter((each) => !sendable.includes(each)),
  };
}

/** Whether each request tells the organisation, or something else keeps organisations apart. */
function isTold(
  document: Node,
  { operation: { path, method }, plan: { body, organization } }: Chosen,
  terms: DownstreamTerms,
): boolean {
  const hasOther = body?.required === true && !allowsObject(document, body.schema);
  const shape = { path: terms.basePath + path, body: hasOther ? 'other' : 'none' } as const;
  return mayLeaveUntold(terms, method === 'get') || tellsOrganization(organization, shape);
}

function rivalsOf(document: Node, { operation: { id, path }, plan }: Chosen): readonly string[] {
  const isOrganization = organizationNames(plan.organization.map(({ name }) => name));
  const names = plan.arguments.map(({ parameter }) => parameter.name);
  const schemas = plan.arguments.map(({ parameter }) => parameter.schema);
  const inSchemas = [...schemas, plan.body?.schema].flatMap((schema) =>
    rivalsIn(document, schema, isOrganization),
  );
  const isGraphQl = plan.body !== undefined && takesGraphQl(document, plan.body.schema, `${id} ${path}`);
  return [
    ...rivalsAmong(names, isOrganization),
    ...inSchemas,
    ...(isGraphQl ? ['the text of its GraphQL'] : []),
  ];
}
