import type { Environment } from '../config.ts';
import type { HttpSettings } from '../config-http.ts';
import type { Downstream } from './downstream.ts';
import { credentialFrom } from './gateway-credential.ts';
import { createHttpDownstream } from './http-downstream.ts';

/** A platform at `url`, as the configuration says; secrets come from the environment alone. */
export function createConfiguredDownstream(
  url: string,
  settings: HttpSettings,
  env: Environment,
): Downstream {
  const [, origin = '', path = ''] = /^(https?:\/\/[^/]+)(.*?)\/?$/.exec(url) ?? [];
  return createHttpDownstream({
    origin,
    terms: {
      organization: settings.organization,
      basePath: path,
      replyField: settings.replyField,
      requireOrganizationInReply: settings.requireOrganizationInReply,
    },
    credentialFor: credentialFrom(settings.credential, env),
    timeoutMs: settings.timeoutSeconds * 1000,
    maxResponseBytes: settings.maxResponseBytes,
    retries: settings.retries,
    connections: settings.connections,
  });
}
