import type { Environment } from '../../config/load-config.ts';
import { uncheckedServers } from '../../config/secrets.ts';
import { type OrganizationId, parseOrganizationId } from '../../ids.ts';
import { staysHere } from '../../loopback.ts';
import type { Runtime } from '../runtime.ts';

export type RemoteOptions = { readonly url?: string; readonly org?: string };

/** A running server as a client is set up for it. */
export type RemoteTarget = {
  /** Where MCP is served. */
  readonly url: URL;
  readonly organizationId: OrganizationId | undefined;
};

export const urlOption = [
  '--url <url>',
  'the MCP endpoint; else TENANTRY_URL, else http://127.0.0.1:8080/mcp',
] as const;
export const orgOption = [
  '--org <id>',
  'sent as X-Organization-Id; else TENANTRY_ORGANIZATION_ID, else none',
] as const;

const DEFAULT_URL = 'http://127.0.0.1:8080/mcp';

/** What a `Bearer` credential may consist of (https://www.rfc-editor.org/rfc/rfc6750#section-2.1). */
const TOKEN = /^[A-Za-z0-9\-._~+/]+=*$/;

/** The options, then the environment, then the default; an empty variable counts as unset. */
export function readTarget(
  options: RemoteOptions,
  env: Environment,
): { ok: true; target: RemoteTarget } | { ok: false; mistake: string } {
  const urlText = options.url ?? (env.TENANTRY_URL || DEFAULT_URL);
  const url = URL.canParse(urlText) ? new URL(urlText) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const mistake = 'expected an http or https URL without a password, such as http://127.0.0.1:8080/mcp';
    return { ok: false, mistake: `--url or TENANTRY_URL: ${mistake}` };
  }
  const orgText = options.org ?? (env.TENANTRY_ORGANIZATION_ID || undefined);
  const organizationId = parseOrganizationId(orgText);
  if (orgText !== undefined && organizationId === undefined) {
    const mistake = 'expected an organisation id, org_ and 26 characters';
    return { ok: false, mistake: `--org or TENANTRY_ORGANIZATION_ID: ${mistake}` };
  }
  return { ok: true, target: { url, organizationId } };
}

/** The setting to make if no server is named; undefined if one is. */
export const unsetUrl = ({ url }: RemoteOptions, env: Environment): string | undefined =>
  url === undefined && !env.TENANTRY_URL
    ? `TENANTRY_URL is not set; trying ${DEFAULT_URL}. For another server: export TENANTRY_URL=https://…/mcp, or --url`
    : undefined;

/** The key comes from the environment alone: a command line is seen by every user of the machine. */
export function readApiKey({
  TENANTRY_API_KEY: key,
}: Environment): { ok: true; key: string } | { ok: false; mistake: string } {
  if (!key) return { ok: false, mistake: 'TENANTRY_API_KEY is not set' };
  if (!TOKEN.test(key)) {
    return {
      ok: false,
      mistake: 'TENANTRY_API_KEY is not one key: it holds what no key has, such as a blank, a quote or "…"',
    };
  }
  return { ok: true, key };
}

/**
 * Warns on standard error if somebody between here and the server could read the key. False if nothing may be
 * sent: an https server that is not checked may be anybody's.
 */
export function guardKey({ protocol, hostname }: URL, { env, err }: Pick<Runtime, 'env' | 'err'>): boolean {
  const [unchecked] = protocol === 'https:' ? uncheckedServers(env) : [];
  if (unchecked !== undefined) err(unchecked);
  else if (protocol === 'http:' && env.TENANTRY_API_KEY && !staysHere(hostname))
    err(`Warning: the key goes to ${hostname} in the clear, for everybody on the way to read; use https.`);
  return unchecked === undefined;
}

export function remoteHeaders(key: string, organizationId: string | undefined): Record<string, string> {
  const headers = { authorization: `Bearer ${key}` };
  return organizationId === undefined ? headers : { ...headers, 'x-organization-id': organizationId };
}
