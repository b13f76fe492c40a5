import type { Client } from '@modelcontextprotocol/client';
import { isRecord } from '../../json.ts';
import { hint, quoted } from '../../words/did-you-mean.ts';
import { type JsonOption, jsonOption, jsonText, printJson, printTable } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { adviceFor, failureAt } from './remote-advice.ts';
import { failureLine, failureOf, isAnswer, observeRefusals, safe, toolFailureOf } from './remote-failure.ts';
import {
  guardKey,
  orgOption,
  type RemoteOptions,
  type RemoteTarget,
  readApiKey,
  readTarget,
  remoteHeaders,
  urlOption,
} from './remote-target.ts';
import { toolHelp } from './tool-help.ts';

type CallOptions = RemoteOptions & JsonOption & { readonly help?: true };
type ToolCall = { readonly name: string; readonly arguments: Record<string, unknown> };
type Answer<Output> = { readonly output: Output } | { readonly refused: string };

/** A tool may run for an hour at most; waiting is the server's to end. */
const LONGEST_CALL_MS = 3_600_000;

export const registerCall: Register = (program, runtime, done) => {
  const command = program
    .command('call')
    .helpOption(false)
    .description('Calls a tool of a running server, as a client would; the key comes from TENANTRY_API_KEY.')
    .argument('[tool]', 'such as search_agents; without it, the tools that the key may call are listed')
    .argument('[json]', 'its arguments, a JSON object', '{}')
    .option(...urlOption)
    .option(...orgOption)
    .option('--json', `${jsonOption[1]}, on one line`)
    .option('-h, --help', 'behind a tool: what it does and which arguments it takes');
  command.action(async (tool: string | undefined, json: string, options: CallOptions) => {
    if (options.help && tool === undefined) command.outputHelp();
    else done(await call(tool, json, options, runtime));
  });
};

async function call(
  tool: string | undefined,
  json: string,
  options: CallOptions,
  runtime: Runtime,
): Promise<ExitCode> {
  const parsed = parseObject(json);
  if ('mistake' in parsed) {
    runtime.err(`[json]: expected a JSON object such as '{"query":"nurse"}'; ${parsed.mistake}`);
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
  if (!guardKey(read.target.url, runtime)) return 78;
  const asked = { target: read.target, key: credential.key };
  if (tool !== undefined && options.help) return showHelp(tool, options, asked, runtime);
  const toolCall = tool === undefined ? undefined : { name: tool, arguments: parsed.object };
  return ask(toolCall, options, asked, runtime);
}

type Asked = { readonly target: RemoteTarget; readonly key: string };

/** Which arguments a tool takes, as the server tells this key. */
async function showHelp(
  name: string,
  { json }: JsonOption,
  { target, key }: Asked,
  runtime: Runtime,
): Promise<ExitCode> {
  const answer = await withClient(target, key, async (client) => {
    const { tools } = await client.listTools();
    const found = tools.find((tool) => tool.name === name);
    if (found !== undefined) return { output: found };
    const names = tools.map((tool) => tool.name);
    return { refused: `The key may call no tool ${quoted(name)}${hint(name, names)}` };
  });
  if ('refused' in answer) runtime.err(answer.refused);
  else if (json) printJson(runtime, answer.output);
  else for (const line of toolHelp(answer.output)) runtime.out(line);
  return 'refused' in answer ? 1 : 0;
}

async function ask(
  toolCall: ToolCall | undefined,
  { json }: JsonOption,
  { target, key }: Asked,
  runtime: Runtime,
): Promise<ExitCode> {
  if (toolCall !== undefined) {
    const answer = await withClient(target, key, (client) => callTool(client, toolCall));
    if ('refused' in answer) runtime.err(answer.refused);
    else runtime.out(jsonText(answer.output, json ? undefined : 2));
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

/** Tells the person who called of any failure on the way, in one line. */
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

type Parsed = { readonly object: Record<string, unknown> } | { readonly mistake: string };

function parseObject(json: string): Parsed {
  try {
    const value: unknown = JSON.parse(json);
    if (isRecord(value)) return { object: value };
    return { mistake: 'this is JSON, and no object' };
  } catch (error) {
    return { mistake: error instanceof Error ? safe(error.message) : 'this is no JSON' };
  }
}
