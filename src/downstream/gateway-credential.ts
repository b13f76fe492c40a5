import type { GatewayCredential } from '../config/http.ts';
import type { Environment } from '../config/load-config.ts';
import { isPerOrganization, variableFor } from '../config/secret-variables.ts';
import { AppError } from '../errors.ts';
import type { OrganizationId } from '../ids.ts';
import type { Downstream } from './downstream.ts';

type Credential = Pick<GatewayCredential, 'environment'> & {
  readonly header?: string | undefined;
  readonly scheme?: string | undefined;
};

/** Whether each organisation has its own credential, which tells the platform for whom the gateway asks. */
export const isCredentialPerOrganization = (credential: Credential | undefined): boolean =>
  credential !== undefined && isPerOrganization(credential.environment);

/** The gateway's credential as a header; no header when no credential is configured. */
export function credentialFrom(
  credential: Credential | undefined,
  env: Environment,
): Downstream['credentialFor'] {
  if (credential === undefined) return () => ({});
  const { environment, header = 'Authorization', scheme = 'Bearer' } = credential;
  return (organizationId) => {
    const value = credentialValue(environment, organizationId, env);
    return { [header.toLowerCase()]: scheme === '' ? value : `${scheme} ${value}` };
  };
}

/**
 * The value of a credential from its variable: one variable for all, or one per organisation. Organisation ids are
 * generated here, so no two of them share a variable.
 *
 * @throws DOWNSTREAM_NOT_CONFIGURED when the variable is not set
 */
export function credentialValue(
  environment: string,
  organizationId: OrganizationId,
  env: Environment,
): string {
  const value = env[variableFor(environment, organizationId)];
  if (!value) throw new AppError('DOWNSTREAM_NOT_CONFIGURED');
  return value;
}
