import { type JsonOption, jsonOption } from './print.ts';
import type { Register } from './program.ts';
import { failureLine, failureOf, observeRefusals, toolFailureOf } from './remote-failure.ts';
import {
  orgOption,
  type RemoteOptions,
  type RemoteTarget,
  readApiKey,
  readTarget,
  remoteHeaders,
  urlOption,
} from './remote-target.ts';
import type { ExitCode, Runtime } from './runtime.ts';

type CallOptions = RemoteOptions & JsonOption;
type ToolCall = { readonly name: string; readonly arguments: Record<string, unknown> };

/** A tool may run for an hour at most; waiting is the server's to end. */
const LONGEST_CALL_MS = 3_600_000;

export const registerCall: Register = (program, runtime, done) => {
  program
    .command('call')
    .description('Calls a tool of a running server, as a client would; the key comes from TENANTRY_API_KEY.')
    .argument('<tool>', 'such as search_agents')
    .argument('[json]', 'its arguments, a JSON object', '{}')
    .option(...urlOption)
    .option(...orgOption)
    .option('--json', `${jsonOption[1]}, on one line`)
    .action(async (tool: string, json: string, options: CallOptions) =>
      done(await call(tool, json, options, runtime)),
    );
};

async function call(tool: string, json: string, options: CallOptions, runtime: Runtime): Promise<ExitCode> {
  const rawArguments = parseObject(json);
  if (rawArguments === undefined) {
    runtime.err('[json]: expected a JSON object such as \'{"query":"nurse"}\'');
    return 2;
  }
  const read = readTarget(options, runtime.env);
  if (!read.ok) {
    runtime.err(read.mistake);
    return 2;
  }
  const credential = readApiKey(runtime.env);
  if (!credential.ok) {
    runtime.err(`${credential.mistake}; set it to a key of the organisation.`);
    return 1;
  }
  const answer = await callRemote({ name: tool, arguments: rawArguments }, read.target, credential.key);
  if ('refused' in answer) {
    runtime.err(answer.refused);
    return 1;
  }
  runtime.out(JSON.stringify(answer.output, null, options.json ? undefined : 2));
  return 0;
}

/** Whatever goes wrong on the way there and back is an answer to the person who called, in one line. */
async function callRemote(
  toolCall: ToolCall,
  { url, organizationId }: RemoteTarget,
  key: string,
): Promise<{ readonly output: unknown } | { readonly refused: string }> {
  // Loaded here, so that serving does not pay for it.
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const observed = observeRefusals(fetch);
  const client = new Client(
    { name: 'tenantry-call', version: '1' },
    { versionNegotiation: { mode: 'auto' } },
  );
  const requestInit = { headers: remoteHeaders(key, organizationId) };
  try {
    await client.connect(new StreamableHTTPClientTransport(url, { fetch: observed.fetch, requestInit }));
    const result = await client.callTool(toolCall, { timeout: LONGEST_CALL_MS });
    const failure = toolFailureOf(result);
    if (failure !== undefined) return { refused: failureLine(failure) };
    return { output: result.structuredContent ?? result.content };
  } catch (thrown) {
    return { refused: failureLine(failureOf(thrown, observed.lastRefusal())) };
  } finally {
    await client.close();
  }
}

function parseObject(json: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(json);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as Record<string, unknown>) : undefined; // An object of JSON has string keys.
  } catch {
    return undefined;
  }
}
