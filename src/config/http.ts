import { z } from 'zod';
import { isLoopbackUrl } from '../loopback.ts';
import { operatorVariables } from './secret-variables.ts';
import { isTakenOfPlatform, isTakenOnTheWayOut } from './taken-headers.ts';

export const https = /^https:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;

/** Dots that a URL resolves, and slashes that a proxy may decode: the path would not be the one that is written. */
export const hasPlainPath = (text: string): boolean =>
  !/\/(?:\.|%2e){1,2}(?:\/|$)|\\|%2f|%5c/i.test(text.replace(/^https?:\/\//, ''));

const url = z
  .string()
  .refine(
    (text) => text === 'embedded:' || https.test(text) || isLoopbackUrl(text),
    'expected "embedded:", or a URL such as "https://api.example.com/v2" without query; http only on loopback',
  )
  .refine(hasPlainPath, 'expected a path without ".", ".." and encoded slashes')
  .default('embedded:')
  .describe('The platform that the data tools talk to: "embedded:", or the address of its REST API.');

export const headerName = z.string().regex(/^[A-Za-z0-9-]{1,64}$/, 'expected a header name');

const organizationLocation = z
  .strictObject({
    in: z.enum(['query', 'header', 'path', 'body']).default('query').describe('Where the platform is told.'),
    name: z
      .string()
      .regex(/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/, 'expected a name such as "organization_id"')
      .default('organization_id')
      .describe('Under which name; in a path, the place {name} of the URL.'),
  })
  .refine((place) => place.in !== 'header' || !isTakenOfPlatform(place.name), 'expected a header of its own')
  .prefault({})
  .describe('How the platform is told for whom a request is; it is written last, over anything else.');

/** Nobody's credential is in a variable of ours. */
const ownVariables = [...operatorVariables, 'VAULT_KEY'].map((name) => `${name}$`).join('|');
const credentialVariables = new RegExp(
  String.raw`^(?!TENANTRY_|${ownVariables})[A-Z][A-Z0-9_]*(?:\{organization_id\})?$`,
);

export const gatewayCredential = z
  .strictObject({
    environment: z
      .string()
      .regex(credentialVariables, 'expected a name such as "PLATFORM_TOKEN"')
      .describe(
        'The variable that holds it; "PLATFORM_TOKEN_{organization_id}" is one for each organisation.',
      ),
    header: headerName
      .refine((name) => !isTakenOnTheWayOut(name), 'expected a header of its own')
      .default('Authorization')
      .describe('The header that carries it.'),
    scheme: z
      .string()
      .regex(/^[A-Za-z0-9-]{0,32}$/, 'expected a scheme such as "Bearer"')
      .default('Bearer')
      .describe('The word before it; "" for none.'),
  })
  .describe("The gateway's own credential. The caller's is never sent on.");

export const replyField = z
  .string()
  .min(1)
  .max(64)
  .default('organization_id')
  .describe(
    'The field, in any spelling and however deep, in which a reply says which organisation it is about. Left out, the names under which the platform is told count too.',
  );

/** Settings of every platform over HTTP. */
export const httpSettings = {
  organization: organizationLocation,
  credential: gatewayCredential.optional(),
  replyField,
  requireOrganizationInReply: z
    .boolean()
    .default(true)
    .describe('Refuses a reply that does not say which organisation it is about, unless it is empty.'),
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

/** Settings of every platform. */
export type HttpSettings = Omit<z.infer<typeof downstream>, 'url'>;
export type GatewayCredential = z.infer<typeof gatewayCredential>;
