import type { AppError } from '../../../errors.ts';
import type { Answer } from '../request-context.ts';

/** After a refusal, OAuth clients look for metadata there, also inserted before or appended to the path of MCP. */
const METADATA =
  /^(?:\/mcp|\/o\/[^/]+\/mcp)?\/\.well-known\/(?:oauth-protected-resource|oauth-authorization-server|openid-configuration)(?:\/|$)/;

const endpoints: ReadonlySet<string> = new Set(['/register', '/authorize', '/token']);

/** Whether OAuth clients ask there for a sign-in, which this server does not have. */
export const isSignInPath = (pathname: string): boolean => endpoints.has(pathname) || METADATA.test(pathname);

const NONE = 'There is no sign-in here.';

/** The answer to a client that sent no credential. */
export const noSignIn: Answer = oauthAnswer(
  404,
  `${NONE} Send a key as 'Authorization: Bearer <key>' or 'X-API-Key: <key>'. A client that looks for a sign-in was answered 401 or 403 before: its key is missing, mistyped, revoked, expired or lacks a scope.`,
);

/** What became of the credential that came along. Only an outage keeps its own status: the rest is 404. */
export function signInFailure(error: AppError): Answer {
  const isPassing = error.status === 429 || error.status >= 500;
  const said =
    error.code === 'NOT_FOUND'
      ? 'was accepted. The answer that refused a call names the scope or the header to mend.'
      : `was refused: ${error.code}, ${error.message}`;
  return {
    ...oauthAnswer(isPassing ? error.status : 404, `${NONE} The key that was sent along ${said}`),
    errorCode: error.code,
  };
}

/** RFC 6749 section 5.2: the body that OAuth clients read. */
function oauthAnswer(status: number, description: string): Answer {
  return {
    status,
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ error: 'invalid_request', error_description: description }),
    errorCode: null,
  };
}
