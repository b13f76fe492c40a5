import { type JsonAnswer, rpc } from './http.ts';
import type { TestApp } from './start-app.ts';

/** `tools/call` in the name of `organizationId`, as a host process does it; null names none. */
export const callFor = (
  { url }: Pick<TestApp, 'url'>,
  key: string,
  organizationId: string | null,
  name = 'whoami',
  args: object = {},
): Promise<JsonAnswer> =>
  rpc(
    url,
    key,
    'tools/call',
    { name, arguments: args },
    organizationId === null ? {} : { 'x-organization-id': organizationId },
  );

/** The organisation that answered, or the code of the refusal. */
export const outcomeOf = ({ body }: JsonAnswer): string =>
  body.error?.data?.code ??
  body.result?._meta?.['tenantry/error']?.code ??
  body.result?.structuredContent?.organization?.organization_id;
