import type { Downstream } from '../downstream/downstream.ts';
import { AppError } from '../errors.ts';
import { outline, standalone, validated } from '../json-schema/json-schema.ts';
import { asNode, isNode, type Node } from '../json-schema/node.ts';
import type { Scope } from '../scopes/scopes.ts';
import type { Tool } from '../tool/define-tool.ts';
import type { Effect, JsonSchema, RestRoute } from '../tool/operation.ts';
import { requireUnnamed } from '../tool/require-unnamed.ts';
import { closedSchema, lazyValidator, parseBySchema } from '../tool/schema-validator.ts';
import { buildRequest, methodOf } from './build-request.ts';
import type { ApiOperation, Method } from './list-operations.ts';
import type { Plan } from './plan.ts';

type Parts = {
  readonly document: Node;
  readonly operation: ApiOperation;
  readonly plan: Plan;
  readonly name: string;
  readonly scope: Scope;
  readonly downstream: Downstream;
  /** Off where the operation is not to be served under its own path. */
  readonly servesRest: boolean;
  /** Whether replies are held to what the document says of them. */
  readonly checksReplies: boolean;
};

const LONGEST_DESCRIPTION = 1024;
const MOST_REPLY_BYTES = 12 * 1024;

/** One operation of a document as a tool: gated, bound and audited like every other. */
export function createOpenApiTool(parts: Parts): Tool {
  const { operation, plan, name, scope, downstream, servesRest } = parts;
  const inputJsonSchema = inputSchemaOf(parts);
  const outputJsonSchema = outputSchemaOf(parts);
  const inputValidator = lazyValidator(() => validated(asNode(inputJsonSchema)));
  const outputValidator = lazyValidator(() => validated(asNode(outputJsonSchema)));
  return Object.freeze<Tool>({
    name,
    title: (operation.summary ?? operation.id).slice(0, 200),
    description: describe(operation),
    scope,
    effect: effects[operation.method],
    rest: servesRest ? routeOf(operation, plan) : null,
    onMcp: true,
    creates: false,
    timeoutSeconds: null,
    maxInputElements: null,
    reportsProgress: false,
    content: null,
    resource: null,
    inputJsonSchema,
    outputJsonSchema,
    platform: { downstream, places: plan.organization },
    restBody: plan.body === undefined ? 'none' : 'whole',
    restReply: ({ status, body }) => ({ status: Number(status), body }),
    parseInput: (raw) => parseBySchema(raw, inputValidator()),
    parseOutput(handled) {
      if (outputValidator()(handled) === true) return asNode(handled);
      throw new AppError('DOWNSTREAM_FAILED', { detail: { reason: 'not as the document says' } });
    },
    // Where a document is open to any field, the organisation could be named a second time.
    precheck: (raw) => requireUnnamed(raw, plan.organization),
    async handle(input, { downstream: bound }) {
      const reply = await bound.request(buildRequest(operation, plan, asNode(input)));
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

function inputSchemaOf({ document, plan }: Parts): JsonSchema {
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
  const omit = plan.organization[0]?.name ?? '';
  return closedSchema(standalone(document, root, omit));
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

/** `/orgs/{organization_id}/repos/{repo}` is served as `/orgs/repos/{repo}`: the caller names no organisation. */
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
  return `${methodOf(method)} ${segments.join('/')}` as RestRoute; // A path of a document starts with a slash.
}
