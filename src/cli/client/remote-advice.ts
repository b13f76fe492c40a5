import { failureLine, type RemoteFailure, safe } from './remote-failure.ts';
import type { RemoteTarget } from './remote-target.ts';

/** What is probably wrong and what to do, by Tenantry's own code or the network's. */
const adviceByCode: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start it with "tenantry serve", or correct --url',
  ENOTFOUND: 'the host name does not resolve; correct --url',
  EAI_AGAIN: 'the host name does not resolve just now; check the network and --url',
  ETIMEDOUT: 'no answer in time; check that the address is right and no firewall is in between',
  ECONNRESET: 'the connection was cut; check whether the port speaks http or https, and the proxies between',
  UND_ERR_SOCKET:
    'the connection was cut; check whether the port speaks http or https, and the proxies between',
  UND_ERR_CONNECT_TIMEOUT: 'the address does not answer; correct --url, or open the firewall',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the certificate is self-signed; set NODE_EXTRA_CA_CERTS to its authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'the authority is unknown here; set NODE_EXTRA_CA_CERTS to it',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'the certificate chain is not complete; have the server send all of it',
  ERR_TLS_CERT_ALTNAME_INVALID: 'the certificate is for another name; use that name in --url',
  CERT_HAS_EXPIRED: 'the certificate has expired; renew it',
  ERR_SSL_WRONG_VERSION_NUMBER: 'the port speaks http, not https; correct --url',
  AUTHENTICATION_REQUIRED: 'no credential arrived; a proxy between strips the Authorization header',
  INVALID_TOKEN:
    'the key is mistyped, revoked, expired, held, of another deployment or of an inactive person; "tenantry audit list --code INVALID_TOKEN" says which',
  MALFORMED_CREDENTIALS: 'the credential arrived changed or twice; look for a proxy that adds its own',
  INVALID_ORGANIZATION_HEADER: 'the header arrived changed or twice; look for a proxy that adds its own',
  ORGANIZATION_MISMATCH:
    'the key is for another organisation; correct --org or TENANTRY_ORGANIZATION_ID, use a key of it, or grant it to a host key with "tenantry keys grants"',
  ORGANIZATION_REQUIRED: 'the key serves several organisations; name one with --org',
  ADMIN_TOKEN_NOT_ALLOWED:
    'ADMIN_TOKEN manages organisations and reaches no data; use a key of the organisation',
  ORGANIZATION_SUSPENDED: 'the operator can lift it with "tenantry orgs resume"',
  INSUFFICIENT_SCOPE:
    'mint a key with the scope, by "tenantry keys mint --org org_… --name … --add <scope>" or the tool mint_key; a key of a person needs it of their groups too, by "tenantry groups grant grp_… <permission> --org org_…"; scopes of a key never change in place',
  KEY_RESTRICTED:
    'the key may not be used for this tool or from this address; use one without the restriction',
  ORIGIN_NOT_ALLOWED: 'something between adds an Origin header; add it to server.allowedOrigins',
  INVALID_HOST: 'a proxy between sends no usable Host header',
  RATE_LIMITED: 'wait a minute, or raise limits.requestsPerMinutePerKey',
  STORE_UNAVAILABLE: 'the server cannot read its store; look at its log, the disk and TENANTRY_DATA_DIR',
  STORE_BUSY: 'another process holds the store; try again, and look for long transactions',
  OVERLOADED:
    'the server sheds load; try again, or raise limits.maxConcurrentRequests and limits.maxEventLoopDelayMs',
  SHUTTING_DOWN: 'the server is stopping; try again once it is up',
  NOT_FOUND: 'the path is not served; --url must end in /mcp',
  METHOD_NOT_ALLOWED: 'the path is not the MCP endpoint; --url must end in /mcp',
  INTERNAL: 'a bug; find the request id in the log of the server',
};

/** `INVALID_TOKEN: The credential is not valid. Tried: http://127.0.0.1:8080/mcp`, without a full stop. */
export const failureAt = (failure: RemoteFailure, url: URL): string =>
  `${failureLine(failure).replace(/\.$/, '')}. Tried: ${safe(url.href)}`;

/** One sentence without a full stop. */
export function adviceFor({ code, status }: RemoteFailure, { url }: RemoteTarget): string {
  if (code === 'HOST_NOT_ALLOWED') {
    return `add "${url.hostname}", or the Host that a proxy between sends, to server.allowedHosts`;
  }
  const known = code === null ? undefined : adviceByCode[code];
  if (known !== undefined) return known;
  if (status !== null && status < 400)
    return 'keys are not sent on to a redirect; use the final address in --url';
  if (status !== null && code !== null) return 'the sentence says why; the log of the server may say more';
  if (status !== null) return 'the answer is not of Tenantry; check --url and the proxies between';
  return `check that Tenantry serves at ${url.origin} and see its log`;
}
