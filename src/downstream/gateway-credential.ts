import type { Environment } from '../config.ts';
import type { GatewayCredential } from '../config-http.ts';
import { AppError } from '../errors.ts';
import type { Downstream } from './downstream.ts';

const PLACE = '{organization_id}';

/**
 * The gateway's own credential as a header: one for all, or one for each organisation by the name of its variable.
 * Ids of organisations are ours, so that no two of them can come to one name.
 */
export function credentialFrom(
  credential: GatewayCredential | undefined,
  env: Environment,
): Downstream['credentialFor'] {
  if (credential === undefined) return () => ({});
  const { environment, header, scheme } = credential;
  return (organizationId) => {
    const value = env[environment.replace(PLACE, organizationId)];
    if (!value) throw new AppError('DOWNSTREAM_NOT_CONFIGURED');
    return { [header.toLowerCase()]: scheme === '' ? value : `${scheme} ${value}` };
  };
}
