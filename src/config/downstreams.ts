import { z } from 'zod';
import { isLoopbackUrl } from '../loopback.ts';
import { gatewayCredential, hasPlainPath, headerName, httpSettings, https, replyField } from './http.ts';
import { withoutOrganization } from './secret-variables.ts';
import { isTakenOfPlatform } from './taken-headers.ts';

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
      .refine(
        (text) => !text.startsWith('http://') || isLoopbackUrl(text),
        'expected a file or an https URL; http only on loopback',
      )
      .describe('An OpenAPI 3.0 or 3.1 document: a file, relative to this one, or an https URL.'),
    url: z
      .string()
      .refine(
        (text) => https.test(text) || isLoopbackUrl(text),
        'expected a URL such as "https://api.example.com/v2"; http only on loopback',
      )
      .refine(hasPlainPath, 'expected a path without ".", ".." and encoded slashes')
      .optional()
      .describe("The platform's address; the first absolute one of the document when left out."),
    scopes: operationScopes,
    organizationInDocument: z
      .boolean()
      .default(true)
      .describe('Off where no operation of the document has the organisation; it is sent all the same.'),
    rest: z.boolean().default(true).describe('Serves each operation at its own path and method too.'),
    slashes: z
      .array(z.string().min(1).max(200))
      .optional()
      .describe(
        'Path parameters that take "/", such as the "path" of a file, sent as %2F; what a proxy makes of it is a longer path. All others refuse it.',
      ),
    checkReplies: z.boolean().default(true).describe('Holds replies to what the document says of them.'),
    ...httpSettings,
  })
  .refine(({ url, credential }) => url !== undefined || credential === undefined, {
    path: ['url'],
    message: 'expected the address that the credential is for, and not wherever the document points',
  })
  .describe('A platform that an OpenAPI document describes.');

/** A program has these of its surroundings, or is loaded by them. */
const takenVariable = /^(?:HOME|LOGNAME|PATH|SHELL|TERM|USER|NODE_OPTIONS|LD_[A-Z_]+|DYLD_[A-Z_]+)$/;

const variableName = z
  .string()
  .regex(/^[A-Z][A-Z0-9_]*$/, 'expected a name such as "ORGANIZATION_ID"')
  .refine((name) => !takenVariable.test(name), 'expected a variable of its own');

const { header, scheme } = gatewayCredential.shape;

const mcpCredential = gatewayCredential.extend({
  header: header
    .unwrap()
    .optional()
    .describe('For an address: the header that carries it ("Authorization").'),
  scheme: scheme.unwrap().optional().describe('For an address: the word before it ("Bearer"); "" for none.'),
  variable: variableName
    .optional()
    .describe(
      'For a program: the variable in which it finds the credential; the name of ours, without the organisation, when left out.',
    ),
});

type McpCredential = z.infer<typeof mcpCredential>;

/** The variable in which a program finds its credential. */
export const credentialVariable = ({ environment, variable }: McpCredential): string =>
  variable ?? withoutOrganization(environment);

const mcpDownstream = z
  .strictObject({
    prefix,
    mcp: z
      .union([
        z
          .string()
          .refine(
            (text) => https.test(text) || isLoopbackUrl(text),
            'expected a URL such as "https://mcp.example.com/mcp"; http only on loopback',
          ),
        z.strictObject({
          command: z.string().min(1),
          args: z.array(z.string()).default([]),
          cwd: z.string().default('.').describe('The folder that it runs in, relative to this file.'),
        }),
      ])
      .describe('Another MCP server: its address, or the program to start.'),
    scopes: z
      .record(z.string(), scopeName)
      .describe('The scope that each of its tools asks for; a tool that is not named is not exposed.'),
    organization: z
      .strictObject({
        header: headerName
          .refine((name) => !isTakenOfPlatform(name), 'expected a header of its own')
          .default('X-Organization-Id'),
        argument: z
          .string()
          .min(1)
          .max(64)
          .default('organization_id')
          .describe('Injected where a tool has such an argument or takes any; callers never see or send it.'),
        variable: variableName
          .default('ORGANIZATION_ID')
          .describe('For a program: the variable that names it.'),
      })
      .prefault({}),
    credential: mcpCredential.optional(),
    replyField,
    timeoutSeconds: httpSettings.timeoutSeconds,
    maxResponseBytes: httpSettings.maxResponseBytes,
    connections: httpSettings.connections.describe('Organisations connected at one time.'),
  })
  .superRefine(({ mcp, credential, organization }, context) => {
    if (credential === undefined) return;
    const expect = (field: string, message: string) =>
      context.addIssue({ code: 'custom', path: ['credential', field], message });
    if (typeof mcp === 'string') {
      if (credential.variable !== undefined)
        expect('variable', 'expected none for an address, which is sent its credential in a header');
      return;
    }
    for (const field of ['header', 'scheme'] as const) {
      if (credential[field] !== undefined)
        expect(field, 'expected none for a program, which finds its credential in the variable "variable"');
    }
    const name = credentialVariable(credential);
    if (name === organization.variable)
      expect('variable', "expected another variable than the organisation's");
    if (credential.variable === undefined && takenVariable.test(name))
      expect('variable', 'expected a variable of its own');
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
