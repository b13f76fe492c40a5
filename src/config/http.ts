import { z } from 'zod';

export const loopback = /^http:\/\/(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?(?:\/[^?#]*)?$/;
export const https = /^https:\/\/[^/?#@\s]+(?:\/[^?#\s]*)?$/;

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
export const taken =
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
        /^(?!TENANTRY_|ADMIN_TOKEN$|METRICS_TOKEN$)[A-Z][A-Z0-9_]*(?:\{organization_id\})?$/,
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
  replyField: z
    .string()
    .min(1)
    .max(64)
    .default('organization_id')
    .describe('The field, however deep, in which a reply says which organisation it is about.'),
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
