import type { Clock } from '../clock.ts';
import type { HttpSettings } from '../config/http.ts';
import type { Environment } from '../config/load-config.ts';
import type { Downstream } from './downstream.ts';
import { credentialFrom, isCredentialPerOrganization } from './gateway-credential.ts';
import { createHttpDownstream } from './http-downstream.ts';

/** The platform at `url`, set up from the configuration. Credentials come from environment variables only. */
export function createConfiguredDownstream(
  url: string,
  settings: HttpSettings,
  env: Environment,
  elapsed: Clock['elapsed'],
): Downstream {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]+)(.*?)\/?$/.exec(url) ?? [];
  return createHttpDownstream({
    origin,
    terms: {
      organization: settings.organization,
      basePath: path,
      replyField: settings.replyField,
      requireOrganizationInReply: settings.requireOrganizationInReply,
      credentialPerOrganization: isCredentialPerOrganization(settings.credential),
    },
    credentialFor: credentialFrom(settings.credential, env),
    timeoutMs: settings.timeoutSeconds * 1000,
    maxResponseBytes: settings.maxResponseBytes,
    retries: settings.retries,
    connections: settings.connections,
    elapsed,
  });
}
