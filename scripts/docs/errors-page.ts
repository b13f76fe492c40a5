import { AppError, type ErrorCode, errorCodes } from '../../src/errors.ts';
import { errorAdvice } from './error-advice.ts';
import { code, generatedFrom, page, table } from './markdown.ts';

const INTRODUCTION = `Every refusal has a stable code, a sentence and a request id. The code decides what a program does; the
sentence is for people and may change. The request id is in the \`X-Request-Id\` header, in the body and in the audit.
No answer holds the text of an exception, SQL, a path of the machine or a secret.

* **REST** answers with the status and \`{ "error": { "code", "message", "request_id", … } }\`.
* **MCP** answers in one of three ways, named below:
  * *HTTP error*: the status, and a JSON-RPC error whose \`data\` holds \`code\` and \`request_id\`. The gate refuses so, before a tool runs.
    With \`scopes.denial: "tool-error"\` a missing scope is a tool result instead.
  * *JSON-RPC error*: HTTP 200 and a JSON-RPC error.
  * *tool result*: HTTP 200 and a result with \`isError: true\`, the sentence as text and \`_meta["tenantry/error"]\`.

A JSON-RPC number is the status × 100 + n, except where JSON-RPC or MCP own the number. The protocol SDK adds two codes of
its own: −32020, where a header and the body disagree, and −32022, for a version of the protocol that the server does not speak.`;

const ways = { gate: 'HTTP error', rpc: 'JSON-RPC error', tool: 'tool result' } as const;

/** `docs/errors.md`: a section for each code of the table in `src/errors.ts`. */
export function errorsPage(): string {
  const index = errorCodes.map((name) => {
    const error = new AppError(name);
    return [`[${code(name)}](#${name.toLowerCase()})`, String(error.status), error.message];
  });
  return page([
    generatedFrom('`src/errors.ts` and `scripts/docs/error-advice.ts`'),
    '# Errors',
    INTRODUCTION,
    table(['code', 'status', 'sentence'], index),
    ...errorCodes.map(section),
  ]);
}

function section(name: ErrorCode): string {
  const { message, status, rpcCode, reportAs } = new AppError(name);
  const facts = table(
    ['status', 'JSON-RPC number', 'on MCP'],
    [[String(status), String(rpcCode).replace('-', '−'), ways[reportAs]]],
  );
  return [`## ${code(name)}`, message, facts, errorAdvice[name]].join('\n\n');
}
