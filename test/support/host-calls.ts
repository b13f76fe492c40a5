import { operatorAccess } from '../../src/cli/keys/operate-keys.ts';
import { changeGrants } from '../../src/keys/manage-keys.ts';
import { type JsonAnswer, rpc } from './http.ts';
import { startTwoTenants, type Tenant, type TestApp } from './start-app.ts';

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

/** Three tenants, and a host key that may act for the first two. */
export async function startHost(options: Parameters<typeof startTwoTenants>[0] = {}) {
  const app = await startTwoTenants({ seed: false, ...options });
  const cato = await app.provision('Cato');
  const host = await app.mintHost([app.acme, app.bolt]);
  return { ...app, cato, host };
}

/** As the operator changes grants at the command line. */
export function grant({ services }: TestApp, keyId: string, change: { add?: Tenant[]; withdraw?: Tenant[] }) {
  const ids = (tenants: Tenant[] = []) => tenants.map(({ id }) => id);
  const access = operatorAccess('keys grants', 'operator', services);
  return changeGrants(
    keyId,
    { add: ids(change.add), withdraw: ids(change.withdraw) },
    access,
    services.operator,
  );
}
