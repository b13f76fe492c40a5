import { z } from 'zod';

const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:\/[^?#]*)?$/;
const https = /^https:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;

const url = z
  .string()
  .refine(
    (text) => text === 'embedded:' || https.test(text) || loopback.test(text),
    'expected "embedded:", or a URL such as "https://api.example.com/v2" without query; http only on loopback',
  )
  .default('embedded:')
  .describe('The platform that the data tools talk to: "embedded:", or the address of its REST API.');

export const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'expected a header name');

/** Headers that carry the request itself: an organisation or a credential under one of these would break it. */
const taken =
  /^(?:host|content-length|content-type|transfer-encoding|connection|accept|accept-encoding|x-request-id|traceparent)$/i;

export const organizationPlace = z
  .strictObject({
    in: z.enum(['query', 'header', 'path', 'body']).default('query').describe('Where the platform is told.'),
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'expected a name such as "organization_id"')
      .default('organization_id')
      .describe('Under which name; in a path, the place {name} of the URL.'),
  })
  .refine((place) => place.in !== 'header' || !taken.test(place.name), 'expected a header of its own')
  .prefault({})
  .describe('How the platform is told for whom a request is; it is written last, over anything else.');

export const gatewayCredential = z
  .strictObject({
    environment: z
      .string()
      .regex(
        /^(?!TENANTRY_)[A-Z][A-Z0-9_]*(?:\{organization_id\})?$/,
        'expected a name such as "PLATFORM_TOKEN"',
      )
      .describe(
        'The variable that holds it; "PLATFORM_TOKEN_{organization_id}" is one for each organisation.',
      ),
    header: headerName
      .refine((name) => !taken.test(name), 'expected a header of its own')
      .default('Authorization')
      .describe('The header that carries it.'),
    scheme: z
      .string()
      .regex(/^[A-Za-z0-9-]{0,32}$/, 'expected a scheme such as "Bearer"')
      .default('Bearer')
      .describe('What stands before it; "" for nothing.'),
  })
  .describe("The gateway's own credential. The caller's is never sent on.");

/** How any platform over HTTP is spoken to. */
export const httpSettings = {
  organization: organizationPlace,
  credential: gatewayCredential.optional(),
  requireOrganizationInReply: z
    .boolean()
    .default(true)
    .describe('Refuses a reply that does not say which organisation it is about.'),
  timeoutSeconds: z.int().min(1).max(600).default(30).describe('The longest wait for one try.'),
  maxResponseBytes: z.int().min(1024).default(10_485_760).describe('Larger replies are refused.'),
  retries: z.int().min(0).max(5).default(2).describe('How often a read is tried again.'),
  connections: z.int().min(1).max(1024).default(64).describe('Connections kept to the platform.'),
};

export const downstream = z
  .strictObject({ url, ...httpSettings })
  .refine((settings) => settings.organization.in !== 'path' || hasPlace(settings), {
    path: ['url'],
    message:
      'expected the place of the organisation, such as "https://api.example.com/orgs/{organization_id}"',
  })
  .prefault({});

const hasPlace = ({ url: text, organization }: { url: string; organization: { name: string } }): boolean =>
  text.includes(`{${organization.name}}`);

/** How a platform is spoken to, wherever it is. */
export type HttpSettings = Omit<z.infer<typeof downstream>, 'url'>;
export type GatewayCredential = z.infer<typeof gatewayCredential>;

const scopeName = z
  .string()
  .regex(/^[a-z][a-z_]{0,63}:[a-z][a-z_]{0,63}$/, 'expected a scope such as "agent:read"');

const operationScopes = z
  .strictObject({
    operations: z
      .record(z.string(), scopeName)
      .default({})
      .describe('By operationId, or "get /path" without one.'),
    tags: z.record(z.string(), scopeName).default({}).describe('By tag, for operations that are not named.'),
    methods: z
      .partialRecord(z.enum(['get', 'post', 'put', 'patch', 'delete']), scopeName)
      .default({})
      .describe('By method, for the rest. What has no scope by any of the three is not exposed.'),
  })
  .describe('The scope that each operation asks for.');

const prefix = z
  .string()
  .regex(/^[a-z][a-z0-9]{0,15}$/, 'expected a word such as "platform"')
  .describe('Starts the name of each of its tools.');

const openApiDownstream = z
  .strictObject({
    prefix,
    openapi: z
      .string()
      .min(1)
      .describe('An OpenAPI 3.0 or 3.1 document: a file, relative to this one, or an https URL.'),
    url: z
      .string()
      .refine(
        (text) => https.test(text) || loopback.test(text),
        'expected a URL such as "https://api.example.com/v2"',
      )
      .optional()
      .describe("The platform's address; the first absolute one of the document when left out."),
    scopes: operationScopes,
    rest: z.boolean().default(true).describe('Serves each operation at its own path and method too.'),
    checkReplies: z.boolean().default(true).describe('Holds replies to what the document says of them.'),
    ...httpSettings,
  })
  .describe('A platform that an OpenAPI document describes.');

const mcpDownstream = z
  .strictObject({
    prefix,
    mcp: z
      .union([
        z
          .string()
          .refine(
            (text) => https.test(text) || loopback.test(text),
            'expected a URL such as "https://mcp.example.com/mcp"',
          ),
        z.strictObject({ command: z.string().min(1), args: z.array(z.string()).default([]) }),
      ])
      .describe('Another MCP server: its address, or the program to start.'),
    scopes: z
      .record(z.string(), scopeName)
      .describe('The scope that each of its tools asks for; a tool that is not named is not exposed.'),
    organization: z
      .strictObject({
        header: headerName
          .refine((name) => !taken.test(name), 'expected a header of its own')
          .default('X-Organization-Id'),
        argument: z
          .string()
          .min(1)
          .max(64)
          .default('organization_id')
          .describe('Injected where a tool has such an argument, which callers never see.'),
        variable: z
          .string()
          .regex(/^[A-Z][A-Z0-9_]*$/, 'expected a name such as "ORGANIZATION_ID"')
          .default('ORGANIZATION_ID')
          .describe('For a program: the variable that names it.'),
      })
      .prefault({}),
    credential: gatewayCredential.optional(),
    timeoutSeconds: httpSettings.timeoutSeconds,
    maxResponseBytes: httpSettings.maxResponseBytes,
    connections: httpSettings.connections.describe('Organisations connected at one time.'),
  })
  .describe('Another MCP server, whose tools are offered under a prefix.');

export const downstreams = z
  .array(z.union([openApiDownstream, mcpDownstream]))
  .default([])
  .superRefine((list, context) => {
    const seen = new Set<string>();
    for (const [index, { prefix: name }] of list.entries()) {
      if (seen.has(name))
        context.addIssue({
          code: 'custom',
          path: [index, 'prefix'],
          message: 'expected a prefix of its own',
        });
      seen.add(name);
    }
  });

export type OpenApiSettings = z.infer<typeof openApiDownstream>;
export type McpSettings = z.infer<typeof mcpDownstream>;
