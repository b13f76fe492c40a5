import { z } from 'zod';
import { isPermissionMapReadable, requireMappedScopes } from '../scopes/permission-map.ts';
import { builtInScopes, defaultCanonicalScopes, defaultCatalogue } from '../scopes/scopes.ts';
import { hint } from '../words/did-you-mean.ts';
import { downstreams } from './downstreams.ts';
import { downstream } from './http.ts';
import { server } from './server.ts';

const scopeName = z
  .string()
  .regex(/^[a-z][a-z_]{0,63}:[a-z][a-z_]{0,63}$/, 'expected a scope such as "agent:read"')
  .describe('A scope, resource and verb, such as "agent:read".');

const scopes = z
  .strictObject({
    catalogue: z
      .array(scopeName)
      .default([...defaultCatalogue])
      .describe(
        'The platform scopes that keys may carry; key:*, member:* and audit:read are always there too.',
      ),
    canonical: z
      .array(scopeName)
      .default([...defaultCanonicalScopes])
      .describe('What a key carries that is minted without scopes.'),
    denial: z
      .enum(['http-403', 'tool-error'])
      .default('http-403')
      .describe('How a missing scope is answered on MCP; "tool-error" is for hosts that break on a 403.'),
  })
  .prefault({})
  .superRefine(({ catalogue, canonical }, context) => {
    const known = new Set<string>([...catalogue, ...builtInScopes]);
    if (isDefault(canonical) && !canonical.every((scope) => known.has(scope))) {
      const message = `expected those scopes of your own catalogue that a key gets without scopes; the default, ${canonical.join(', ')}, is not in it`;
      context.addIssue({ code: 'custom', path: ['canonical'], message });
      return;
    }
    for (const [index, scope] of canonical.entries()) {
      if (!known.has(scope)) {
        const message = `expected a scope of the catalogue, got "${scope}"${hint(scope, [...known])}`;
        context.addIssue({ code: 'custom', path: ['canonical', index], message });
      }
    }
  });

const isDefault = (canonical: readonly string[]): boolean =>
  canonical.join() === defaultCanonicalScopes.join();

const permissions = z
  .record(
    z.string().min(1).max(100),
    z.union([z.literal('*'), z.array(scopeName)], 'expected "*" or a list of scopes of the catalogue'),
  )
  .default({})
  .describe(
    'Which scopes a permission of a group allows: "*" is every scope of scopes.catalogue. A permission that is not named allows none.',
  );

const keys = z
  .strictObject({
    brand: z
      .string()
      .regex(/^[a-z]{2,8}$/, 'expected two to eight small letters')
      .default('tnt')
      .describe('Starts every key.'),
    environment: z
      .string()
      .regex(/^[a-z]{0,4}$/, 'expected up to four small letters')
      .default('')
      .describe(
        'Follows the brand, so that a key of another environment is unknown here: "test" makes tnttest_….',
      ),
    defaultTtlDays: z.int().min(1).max(3650).default(90).describe('Life of a key minted without an expiry.'),
    staleAfterDays: z
      .int()
      .min(1)
      .max(3650)
      .default(90)
      .describe('A key unused for so long counts as stale.'),
    maxPerOrganization: z.int().min(1).default(1000).describe('Live keys that an organisation may hold.'),
    workspaceTokens: z
      .boolean()
      .default(false)
      .describe('Deprecated: accepts tokens of one workspace, which only the command line mints.'),
  })
  .prefault({});

const limits = z
  .strictObject({
    requestsPerMinutePerKey: z.int().min(0).default(0).describe('0 sets no limit.'),
    maxConcurrentRequests: z
      .int()
      .min(1)
      .default(1000)
      .describe('Beyond it a request is answered 503 OVERLOADED.'),
    maxEventLoopDelayMs: z
      .int()
      .min(0)
      .max(60_000)
      .default(500)
      .describe(
        'Once a process keeps its events waiting for longer, it answers 503 OVERLOADED until it keeps up again; 0 sets no limit.',
      ),
    toolTimeoutSeconds: z
      .int()
      .min(1)
      .max(3600)
      .default(60)
      .describe('The longest that one tool call may run.'),
    maxInputElements: z
      .int()
      .min(1)
      .default(10_000)
      .describe('Values that the arguments of one call may hold.'),
  })
  .prefault({});

const Settings = z.strictObject({
  $schema: z.string().optional(),
  demo: z.boolean().default(false).describe('Fills an empty store with two demo organisations.'),
  dataDir: z
    .string()
    .min(1)
    .default('./data')
    .describe('The folder of the SQLite files, relative to this file.'),
  server,
  store: z
    .strictObject({
      url: z
        .string()
        .regex(/^sqlite:./, 'expected a URL such as "sqlite:tenantry.db"')
        .default('sqlite:tenantry.db')
        .describe('The key store; a relative path is relative to dataDir.'),
      busyTimeoutMs: z
        .int()
        .min(0)
        .max(60_000)
        .default(2000)
        .describe(
          'How long a request waits for a lock that another process holds on the store, before it is answered 503 STORE_BUSY.',
        ),
    })
    .prefault({}),
  downstream,
  downstreams,
  tools: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A module of your own that exports `tools`, a list made with defineTool of "tenantry/tool"; relative to this file.',
    ),
  builtinTools: z
    .boolean()
    .default(true)
    .describe('Off removes the tools of the shipped platform, and keeps those of keys, members and audit.'),
  scopes,
  permissions,
  keys,
  audit: z
    .strictObject({
      durability: z
        .enum(['process', 'power'])
        .default('process')
        .describe('What rows of calls survive: a killed process, or a power cut too.'),
    })
    .prefault({}),
  limits,
  logLevel: z
    .enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'])
    .default('info')
    .describe('What is logged; "debug" adds a line for each request.'),
});

/** `mcp.config.json`. The JSON Schema beside it is made from this one (`npm run config:schema`). */
export const ConfigFile = Settings.superRefine(requireMappedScopes, {
  when: ({ value }) => isPermissionMapReadable(value),
});

export type ConfigFile = z.infer<typeof ConfigFile>;
