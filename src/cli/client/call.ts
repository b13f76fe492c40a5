import type { Client } from '@modelcontextprotocol/client';
import { type JsonOption, jsonOption, printJson, printTable } from './print.ts';
import type { Register } from './program.ts';
import { adviceFor, failureAt } from './remote-advice.ts';
import { failureLine, failureOf, isAnswer, observeRefusals, toolFailureOf } from './remote-failure.ts';
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
type Answer<Output> = { readonly output: Output } | { readonly refused: string };

/** A tool may run for an hour at most; waiting is the server's to end. */
const LONGEST_CALL_MS = 3_600_000;

export const registerCall: Register = (program, runtime, done) => {
  program
    .command('call')
    .description('Calls a tool of a running server, as a client would; the key comes from TENANTRY_API_KEY.')
    .argument('[tool]', 'such as search_agents; without it, the tools that the key may call are listed')
    .argument('[json]', 'its arguments, a JSON object', '{}')
    .option(...urlOption)
    .option(...orgOption)
    .option('--json', `${jsonOption[1]}, on one line`)
    .action(async (tool: string | undefined, json: string, options: CallOptions) =>
      done(await call(tool, json, options, runtime)),
    );
};

async function call(
  tool: string | undefined,
  json: string,
  options: CallOptions,
  runtime: Runtime,
): Promise<ExitCode> {
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
  const toolCall = tool === undefined ? undefined : { name: tool, arguments: rawArguments };
  return ask(toolCall, options, read.target, credential.key, runtime);
}

async function ask(
  toolCall: ToolCall | undefined,
  { json }: JsonOption,
  target: RemoteTarget,
  key: string,
  runtime: Runtime,
): Promise<ExitCode> {
  if (toolCall !== undefined) {
    const answer = await withClient(target, key, (client) => callTool(client, toolCall));
    if ('refused' in answer) runtime.err(answer.refused);
    else runtime.out(JSON.stringify(answer.output, null, json ? undefined : 2));
    return 'refused' in answer ? 1 : 0;
  }
  const answer = await withClient(target, key, listTools);
  if ('refused' in answer) runtime.err(answer.refused);
  else if (json) printJson(runtime, { tools: answer.output });
  else {
    const rows = answer.output.map(({ name, title }) => [name, title]);
    printTable(runtime, ['TOOL', 'TITLE'], rows);
  }
  return 'refused' in answer ? 1 : 0;
}

async function callTool(client: Client, toolCall: ToolCall): Promise<Answer<unknown>> {
  const result = await client.callTool(toolCall, { timeout: LONGEST_CALL_MS });
  const failure = toolFailureOf(result);
  if (failure !== undefined) return { refused: failureLine(failure) };
  return { output: result.structuredContent ?? result.content };
}

async function listTools(client: Client) {
  const { tools } = await client.listTools();
  return { output: tools.map(({ name, title = '' }) => ({ name, title })) };
}

/** Whatever goes wrong on the way there and back is an answer to the person who called, in one line. */
async function withClient<Output>(
  target: RemoteTarget,
  key: string,
  work: (client: Client) => Promise<Answer<Output>>,
): Promise<Answer<Output>> {
  const { url, organizationId } = target;
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
    return await work(client);
  } catch (thrown) {
    const refusal = observed.lastRefusal();
    const failure = failureOf(thrown, refusal);
    if (refusal === undefined && isAnswer(thrown)) return { refused: failureLine(failure) };
    return { refused: `${failureAt(failure, url)}. Probably: ${adviceFor(failure, target)}.` };
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
