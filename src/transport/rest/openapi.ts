import { restSurfaceOf } from '../../identity/surface.ts';
import type { OperatorTool } from '../../tool/define-operator-tool.ts';
import type { Tool } from '../../tool/define-tool.ts';
import type { Operation } from '../../tool/operation.ts';

type JsonObject = Record<string, unknown>;

/** The subject of a document. */
export type Documented = Tool | OperatorTool;

/**
 * The REST operations of `tools` as the text of an OpenAPI 3.1 document (https://spec.openapis.org/oas/v3.1.1). An operation
 * is rendered once for all documents: many keys with different scopes must not cost more.
 */
export function createOpenApiText(version: string): (tools: readonly Documented[]) => string {
  const rendered = new WeakMap<Documented, string>();
  const textOf = (tool: Documented): string => {
    const { method, path } = routeOf(tool);
    const text =
      rendered.get(tool) ??
      `${JSON.stringify(method.toLowerCase())}:${JSON.stringify(operation(tool, method, path))}`;
    rendered.set(tool, text);
    return text;
  };
  const [before, after] = JSON.stringify(withoutPaths(version)).split(NO_PATHS);
  return (tools) => {
    const byPath = Map.groupBy(tools, (tool) => routeOf(tool).path);
    const paths = [...byPath].map(([path, on]) => `${JSON.stringify(path)}:{${on.map(textOf).join(',')}}`);
    return `${before}"paths":{${paths.join(',')}}${after}`;
  };
}

const NO_PATHS = '"paths":{}';

/** A document about nothing. */
function withoutPaths(version: string): JsonObject {
  return {
    openapi: '3.1.1',
    info: {
      title: 'Tenantry',
      version,
      description:
        'Every operation speaks for the organisation of the key; those under /admin are of the operator.',
    },
    paths: {},
    security: keySecurity,
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
        adminToken: { type: 'http', scheme: 'bearer', description: 'ADMIN_TOKEN' },
      },
      schemas: { Error: errorSchema },
    },
  };
}

/** Method and path of an operation that has a REST route. */
export function routeOf({ rest }: Operation): { readonly method: string; readonly path: string } {
  const [method = '', path = ''] = (rest ?? '').split(' ');
  return { method, path };
}

const errorSchema = {
  type: 'object',
  required: ['error'],
  properties: {
    error: {
      type: 'object',
      required: ['code', 'message', 'request_id'],
      properties: { code: { type: 'string' }, message: { type: 'string' }, request_id: { type: 'string' } },
    },
  },
};

function operation(tool: Documented, method: string, path: string): JsonObject {
  const properties = asObject(tool.inputJsonSchema.properties);
  const required = new Set(Array.isArray(tool.inputJsonSchema.required) ? tool.inputJsonSchema.required : []);
  const inPath = new Set([...path.matchAll(/\{([^}]+)\}/g)].map(([, name]) => name));
  const hasBody = method === 'POST' || method === 'PUT' || method === 'PATCH';
  const parameters = Object.entries(properties)
    .filter(([name]) => inPath.has(name) || !hasBody)
    .map(([name, schema]) => ({
      name,
      in: inPath.has(name) ? 'path' : 'query',
      required: inPath.has(name) || required.has(name),
      schema,
    }));
  const body = Object.fromEntries(Object.entries(properties).filter(([name]) => !inPath.has(name)));
  return {
    operationId: tool.name,
    summary: tool.title,
    description: tool.description,
    ...demands(tool, path),
    parameters: [...parameters, ...headersOf(tool, path)],
    ...(hasBody && { requestBody: requestBody(body, required) }),
    responses: {
      ...successes(tool),
      default: jsonContent('Refused.', { $ref: '#/components/schemas/Error' }),
    },
  };
}

/** The scope that a caller needs, or the credential that replaces one. */
function demands(tool: Documented, path: string): JsonObject {
  if ('access' in tool) {
    const { access } = tool;
    return { 'x-access': access, security: access === 'admin-token' ? [{ adminToken: [] }] : [] };
  }
  const security = isManagement(path) ? { security: [...keySecurity, { adminToken: [] }] } : {};
  return { 'x-scope': tool.scope, ...security };
}

const keySecurity: JsonObject[] = [{ bearer: [] }, { apiKey: [] }];

/** A tool answers 200 for an existing thing, if its `created` says so. */
function successes(tool: Documented): JsonObject {
  const done = jsonContent('Done.', tool.outputJsonSchema);
  if (!tool.creates) return { 200: done };
  const isIdempotent = Object.hasOwn(asObject(tool.outputJsonSchema.properties), 'created');
  return { 201: jsonContent('Made.', tool.outputJsonSchema), ...(isIdempotent && { 200: done }) };
}

function headersOf(tool: Documented, path: string): JsonObject[] {
  const isOperators = 'access' in tool;
  if (isOperators) return tool.access === 'admin-token' ? [reasonHeader(true)] : [];
  const organization = header(
    'X-Organization-Id',
    'For a host key and ADMIN_TOKEN; others may name their own.',
  );
  return isManagement(path) ? [organization, reasonHeader(false)] : [organization];
}

const reasonHeader = (required: boolean) =>
  header('X-Break-Glass-Reason', 'Why ADMIN_TOKEN is used; goes with it.', required);

const header = (name: string, description: string, required = false): JsonObject => ({
  name,
  in: 'header',
  required,
  description,
  schema: { type: 'string', maxLength: 200 },
});

const isManagement = (path: string): boolean => restSurfaceOf(path) === 'management';

function requestBody(properties: JsonObject, required: ReadonlySet<unknown>): JsonObject {
  const names = Object.keys(properties).filter((name) => required.has(name));
  const schema = {
    type: 'object',
    properties,
    additionalProperties: false,
    ...(names.length > 0 && { required: names }),
  };
  return { required: names.length > 0, content: { 'application/json': { schema } } };
}

const jsonContent = (description: string, schema: JsonObject): JsonObject => ({
  description,
  content: { 'application/json': { schema } },
});

// JSON Schema's `properties` is an object wherever a root is one.
const asObject = (value: unknown): JsonObject =>
  typeof value === 'object' && value !== null ? (value as JsonObject) : {};
