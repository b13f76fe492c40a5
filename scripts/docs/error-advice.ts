import type { ErrorCode } from '../../src/errors.ts';

/** The remedy for each code. A code without its line here does not compile. */
export const errorAdvice: Readonly<Record<ErrorCode, string>> = {
  AUTHENTICATION_REQUIRED:
    'Send a key as `Authorization: Bearer tnt_…` or as `X-API-Key: tnt_…`. A key in the query string or in a cookie counts as absent.',
  INVALID_TOKEN:
    'The key is unknown, mistyped, revoked or expired, or its owner is inactive; the answer is the same for all. The operator finds the reason with `npx tenantry audit list`. Mint a new key: a lost one cannot be shown again.',
  MALFORMED_CREDENTIALS:
    'Send one credential in one header: not both headers, not the same one twice, nothing behind the key.',
  INVALID_ORGANIZATION_HEADER:
    'Send the id once, as it is: `org_` and 26 characters. No blanks, no second header, no external id.',
  ORGANIZATION_MISMATCH:
    "Leave the header and the URL's organisation out, or name the key's own. A host key needs a grant: `npx tenantry keys grants key_… --add org_…`.",
  ORGANIZATION_REQUIRED:
    'A host key names the organisation on each request: `X-Organization-Id: org_…`, or `/o/org_…/mcp`. Over REST the status is 400.',
  ADMIN_TOKEN_NOT_ALLOWED:
    'Use a key of the organisation. The break-glass token manages organisations, keys, people and the audit; it reaches no tool of a platform.',
  INSUFFICIENT_SCOPE:
    '`required` names the scopes that are missing. Mint a key that has them: `npx tenantry keys mint --org org_… --name … --add <scope>`. For a key of a person, their groups must allow the scope too.',
  KEY_RESTRICTED:
    'The key is narrowed to certain tools, workspaces or addresses. Use another key; restrictions are never widened.',
  ORGANIZATION_SUSPENDED: 'The operator resumes it: `npx tenantry orgs resume org_…`.',
  HOST_NOT_ALLOWED:
    'Add the name that clients use to `server.allowedHosts` of the configuration, and start the server again.',
  ORIGIN_NOT_ALLOWED:
    'Add the origin of the page to `server.allowedOrigins`, and start the server again. A client that is no browser sends no `Origin`.',
  INVALID_HOST: 'Send one `Host` header with a name or an address, as every HTTP client does.',
  PARSE_ERROR: 'Send valid JSON in UTF-8.',
  INVALID_REQUEST: 'Send one JSON-RPC object with `jsonrpc`, `method` and, for a request, `id`.',
  BATCH_NOT_SUPPORTED: 'Send each request by itself: an array of requests is refused.',
  TOO_DEEP: 'Nest objects and lists at most 64 levels deep.',
  METHOD_NOT_FOUND:
    'Ask for a method that the server announced. `subscriptions/listen` is refused: it would tell one organisation about others.',
  METHOD_NOT_ALLOWED: 'The `Allow` header names the methods of the path. MCP is `POST` alone.',
  BODY_TOO_LARGE: 'Send at most 1 MiB.',
  UNSUPPORTED_MEDIA_TYPE: 'Send `Content-Type: application/json`, not compressed.',
  RATE_LIMITED:
    'Wait as long as `Retry-After` says. The limit is `limits.requestsPerMinutePerKey`. On `server/discover` the status is 503, since clients take a 429 for an old server.',
  STORE_UNAVAILABLE:
    'Try again. The operator looks at the disk: it is full, read-only, damaged, or the files of the store were moved while the server runs.',
  STORE_BUSY: 'Try again. Another process held the lock of the store for longer than `store.busyTimeoutMs`.',
  OVERLOADED:
    'Wait as long as `Retry-After` says. An organisation may have a quarter of `limits.maxConcurrentRequests` under way.',
  SHUTTING_DOWN: 'Try again: the server is stopping, and another one takes its place.',
  CANCELLED: 'Nothing to do: the caller went away before the answer. It shows in the audit alone.',
  INTERNAL: 'A bug. Report it with the request id; the log of the server holds the reason under that id.',
  ORGANIZATION_IN_ARGUMENTS:
    'Leave the organisation out of the arguments, the right one too: the credential decides it. Nothing was sent to the platform.',
  INVALID_CURSOR: 'Begin the list anew. A cursor is good for 24 hours, for the same key, tool and arguments.',
  RESOURCE_NOT_FOUND: 'List the resource templates, and fill in an id that exists.',
  UNKNOWN_TOOL: 'List the tools that the key may call: `npx tenantry call`. The answer names close ones.',
  VALIDATION_ERROR:
    'The message names each argument and what was expected. `npx tenantry call <tool> --help` shows all of them.',
  SCOPE_REQUIRED:
    'Say `"scope_type": "global"` for a key of the organisation, or `"user"` with `user_id` for a key of one person.',
  SCOPE_ESCALATION:
    "Ask for scopes that are canonical or the minting key's own. The operator may grant any: `npx tenantry keys mint`.",
  INVALID_USER:
    'Name an active member: `npx tenantry users list --org org_…`. A person of another organisation is no member.',
  GLOBAL_KEY_ADMIN_ONLY:
    'Ask an admin of the organisation, or mint a key of your own with `"scope_type": "user"`.',
  HOST_KEY_OPERATOR_ONLY: 'The operator mints it: `npx tenantry keys mint --host --name … --for org_…`.',
  FORBIDDEN: 'Ask an admin of the organisation, or the operator.',
  NOT_FOUND: 'Check the id. One of another organisation is answered like one that does not exist.',
  KEY_NOT_FOUND:
    'Check the id: `npx tenantry keys list --org org_…`. A key of another organisation is answered like one that does not exist.',
  ROTATION_IN_PROGRESS: 'The old key is still in its grace. Wait until that is over, or revoke the old key.',
  KEY_NOT_ROTATABLE: 'Mint a new key.',
  SCOPES_WOULD_DROP:
    'The message names the scopes. Say `"drop_scopes": true` (`--drop-scopes`) to lose them, or let a key that holds them rotate.',
  KEY_LIMIT_REACHED:
    'Revoke keys that nobody uses (`npx tenantry keys review --org org_…`), or raise `keys.maxPerOrganization`.',
  BOOTSTRAP_CLOSED:
    'There has been a key. Make organisations with `npx tenantry orgs create`, or with `ADMIN_TOKEN` at `/admin/organizations`.',
  DOWNSTREAM_NOT_CONFIGURED:
    'The operator sets the variable that holds the credential of this organisation, and starts the server again. Nothing was sent.',
  TENANT_MISMATCH:
    'The operator looks at the platform: it answered about another organisation, or about none where `requireOrganizationInReply` wants one. See `replyField` on the page of the configuration.',
  DOWNSTREAM_FAILED:
    'Try again later. The operator finds the reason with `npx tenantry audit list`: an outage, a refused credential, or a reply that is not as the document says.',
  DOWNSTREAM_TIMEOUT:
    'Try again later, or raise `timeoutSeconds` of the platform. A write may have been done all the same: look before you repeat it.',
};
