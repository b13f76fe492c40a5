import type { Downstream } from '../../downstream/downstream.ts';
import { organizationNames } from '../../downstream/organization/organization-name.ts';
import { outline, standalone } from '../../json-schema/json-schema.ts';
import { asNode, isNode, type Node } from '../../json-schema/node.ts';
import { defaultOf, withRequiredDefaults } from '../../json-schema/required-defaults.ts';
import type { Scope } from '../../scopes/scopes.ts';
import { requireNoOrganizationDeep } from '../../tool/call/require-no-organization.ts';
import type { Tool } from '../../tool/define-tool.ts';
import type { Effect, JsonSchema, RestRoute } from '../../tool/operation.ts';
import { createSchemaTool } from '../schema-tool.ts';
import { closedSchema } from '../schema-validator.ts';
import { buildRequest, methodOf, queryOf } from './build-request.ts';
import type { ApiOperation, Method } from './list-operations.ts';
import type { Plan } from './plan.ts';

type Parts = {
  readonly document: Node;
  readonly operation: ApiOperation;
  readonly plan: Plan;
  readonly name: string;
  readonly scope: Scope;
  readonly downstream: Downstream;
  /** Whether the operation is also served on REST. */
  readonly servesRest: boolean;
  /** Path parameters that accept `/`, by their names in the document. */
  readonly slashes: readonly string[];
  /** Whether replies are validated against the document. */
  readonly checksReplies: boolean;
};

const LONGEST_DESCRIPTION = 1024;
const MOST_REPLY_BYTES = 12 * 1024;

/** One operation of a document as a tool, with the gate, the bound client and the audit of every tool. */
export function createOpenApiTool(parts: Parts): Tool {
  const { operation, plan, name, scope, downstream, servesRest, slashes } = parts;
  const isOrganization = organizationNames(plan.organization.map((place) => place.name));
  const inputJsonSchema = inputSchemaOf(parts, isOrganization);
  const outputJsonSchema = outputSchemaOf(parts);
  return createSchemaTool('not as the document says', {
    name,
    title: (operation.summary ?? operation.id).slice(0, 200),
    description: describe(operation),
    scope,
    effect: effects[operation.method],
    rest: servesRest ? routeOf(operation, plan) : null,
    timeoutSeconds: null,
    reportsProgress: false,
    inputJsonSchema,
    outputJsonSchema,
    platform: { downstream, locations: plan.organization },
    restBody: plan.body === undefined ? 'none' : 'whole',
    restReply: ({ status, body }) => ({ status: Number(status), body }),
    // A document that allows additional fields would let callers name a second organisation.
    precheck(raw) {
      requireNoOrganizationDeep(raw, isOrganization);
      requireNoOrganizationDeep(Object.fromEntries(queryOf(plan, raw)), isOrganization);
    },
    async handle(input, { downstream: bound }) {
      const asked = withDefaults(asNode(input), parts);
      const reply = await bound.request(buildRequest(operation, plan, asked, slashes));
      return { status: reply.status, ...(reply.body !== undefined && { body: reply.body }) };
    },
  });
}

const effects: Readonly<Record<Method, Effect>> = {
  get: 'reads',
  post: 'writes',
  put: 'writes',
  patch: 'writes',
  delete: 'destroys',
};

function describe({ method, path, summary, description }: ApiOperation): string {
  const words = [summary, description === summary ? undefined : description].filter(Boolean).join('\n\n');
  return (words || `${method.toUpperCase()} ${path}`).slice(0, LONGEST_DESCRIPTION);
}

function inputSchemaOf({ document, plan }: Parts, isOrganization: (name: string) => boolean): JsonSchema {
  const properties: Record<string, unknown> = {};
  const required: string[] = [];
  for (const { argument, parameter } of plan.arguments) {
    properties[argument] = withDescription(parameter.schema, parameter.description);
    if (parameter.required) required.push(argument);
  }
  if (plan.body !== undefined) {
    properties.body = plan.body.schema;
    if (plan.body.required) required.push('body');
  }
  const root = { type: 'object', properties, required, additionalProperties: false };
  return closedSchema(standalone(document, root, isOrganization));
}

/** Adds defaults that the document requires. The tool's own schema requires no argument that has a default. */
function withDefaults(input: Node, { document, plan }: Parts): Node {
  const filled: Record<string, unknown> = { ...input };
  for (const { argument, parameter } of plan.arguments) {
    if (parameter.required) filled[argument] ??= defaultOf(document, parameter.schema);
  }
  if (plan.body === undefined || input.body === undefined) return filled;
  const isOrganization = organizationNames(plan.organization.map(({ name }) => name));
  return { ...filled, body: withRequiredDefaults(document, plan.body.schema, input.body, isOrganization) };
}

const withDescription = (schema: unknown, description: string | undefined): unknown =>
  description === undefined || !isNode(schema) ? schema : { ...schema, description };

function outputSchemaOf({ document, operation, checksReplies }: Parts): JsonSchema {
  const body =
    checksReplies && operation.reply !== undefined
      ? outline(document, operation.reply, MOST_REPLY_BYTES)
      : {};
  return {
    type: 'object',
    properties: { status: { type: 'integer', description: "The platform's HTTP status." }, body },
    required: ['status'],
  };
}

/**
 * The REST route: `/orgs/{organization_id}/repos/{repo}` becomes `/orgs/repos/{repo}`, because callers name no
 * organisation.
 */
function routeOf({ method, path }: ApiOperation, plan: Plan): RestRoute | null {
  const names = new Map(
    plan.arguments
      .filter(({ parameter }) => parameter.in === 'path')
      .map(({ argument, parameter }) => [parameter.name, argument]),
  );
  const segments: string[] = [];
  for (const segment of path.split('/')) {
    const place = /^\{([^}]+)\}$/.exec(segment)?.[1];
    if (place === undefined && segment.includes('{')) return null;
    if (place === undefined) segments.push(segment);
    else if (names.has(place)) segments.push(`{${names.get(place)}}`);
  }
  return `${methodOf(method)} ${segments.join('/')}` as RestRoute; // Paths of a document start with a slash.
}
