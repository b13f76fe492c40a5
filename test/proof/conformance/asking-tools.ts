import { randomBytes } from 'node:crypto';
import {
  acceptedContent,
  CLIENT_CAPABILITIES_META_KEY,
  type ClientCapabilities,
  createRequestStateCodec,
  type InputRequests,
  inputRequired,
  inputResponse,
  MissingRequiredClientCapabilityError,
  type ServerContext,
} from '@modelcontextprotocol/server';
import { z } from 'zod';
import type { SdkAnswer } from '../../../src/transport/mcp/sdk-extension.ts';

/** State that travels with the client is sealed for the one who was asked. */
export const stateCodec = createRequestStateCodec<{ readonly step: number }>({
  key: randomBytes(32),
  bind: ({ mcpReq, http }) => `${mcpReq.method} ${http?.authInfo?.clientId ?? ''}`,
});

const words = (text: string) => ({ content: [{ type: 'text' as const, text }] });

const question = (message: string, name: string, property: { type: 'string' } | { type: 'boolean' }) =>
  inputRequired.elicit({
    message,
    requestedSchema: { type: 'object', properties: { [name]: property }, required: [name] },
  });

const completion = (text: string, maxTokens: number) =>
  inputRequired.createMessage({
    messages: [{ role: 'user', content: { type: 'text', text } }],
    maxTokens,
  });

const Name = z.object({ name: z.string() });
const userName = question('What is your name?', 'name', { type: 'string' });
const accepted = (context: ServerContext, key: string) =>
  acceptedContent(context.mcpReq.inputResponses, key) !== undefined;
const answered = (context: ServerContext, key: string) =>
  inputResponse(context.mcpReq.inputResponses, key).kind !== 'missing';
const all = (context: ServerContext, requests: InputRequests) =>
  Object.keys(requests).every((key) => answered(context, key));

const asking =
  (inputRequests: InputRequests, done: string): SdkAnswer =>
  async (context) =>
    all(context, inputRequests) ? words(done) : inputRequired({ inputRequests });

/** Asks with sealed state, and ends only with that state and every answer. */
const askingWithState =
  (inputRequests: InputRequests, done: string): SdkAnswer =>
  async (context) => {
    const state = context.mcpReq.requestState<{ readonly step: number }>();
    if (state?.step === 1 && all(context, inputRequests)) return words(done);
    return inputRequired({ inputRequests, requestState: await stateCodec.mint({ step: 1 }, context) });
  };

const confirm = { confirm: question('Please confirm', 'ok', { type: 'boolean' }) };

const everything = {
  user_name: userName,
  greeting: completion('Generate a greeting', 50),
  client_roots: inputRequired.listRoots(),
};

async function inSteps(context: ServerContext) {
  const step = context.mcpReq.requestState<{ readonly step: number }>()?.step ?? 0;
  if (step === 1 && accepted(context, 'step1')) {
    const step2 = question('Step 2: What is your favorite color?', 'color', { type: 'string' });
    return inputRequired({
      inputRequests: { step2 },
      requestState: await stateCodec.mint({ step: 2 }, context),
    });
  }
  if (step === 2 && accepted(context, 'step2')) return words('All steps are done.');
  const step1 = question('Step 1: What is your name?', 'name', { type: 'string' });
  return inputRequired({
    inputRequests: { step1 },
    requestState: await stateCodec.mint({ step: 1 }, context),
  });
}

// The SDK's own type of the envelope leaves out what the envelope always carries.
const capabilitiesOf = ({ mcpReq }: ServerContext): ClientCapabilities =>
  (mcpReq.envelope as Record<string, ClientCapabilities> | undefined)?.[CLIENT_CAPABILITIES_META_KEY] ?? {};

/** What is asked depends on what the client says that it can answer. */
const asFarAsAble: SdkAnswer = async (context) => {
  const able = capabilitiesOf(context);
  const inputRequests = {
    ...(able.elicitation && { user_name: userName }),
    ...(able.sampling && { greeting: completion('Generate a greeting', 50) }),
  };
  return all(context, inputRequests) ? words('Nothing is missing.') : inputRequired({ inputRequests });
};

const needsSampling: SdkAnswer = async (context) => {
  if (capabilitiesOf(context).sampling) return words('The client can sample.');
  throw new MissingRequiredClientCapabilityError({ requiredCapabilities: { sampling: {} } });
};

/** Tools that ask the client back, which the product does not do; named as the suite names them. */
export const askingTools: ReadonlyMap<string, SdkAnswer> = new Map<string, SdkAnswer>([
  [
    'test_input_required_result_elicitation',
    async ({ mcpReq }) => {
      const name = acceptedContent(mcpReq.inputResponses, 'user_name', Name)?.name;
      return name === undefined
        ? inputRequired({ inputRequests: { user_name: userName } })
        : words(`Hello, ${name}!`);
    },
  ],
  [
    'test_input_required_result_sampling',
    asking({ capital_question: completion('What is the capital of France?', 100) }, 'The client answered.'),
  ],
  [
    'test_input_required_result_list_roots',
    async (context) => {
      const roots = inputResponse(context.mcpReq.inputResponses, 'client_roots');
      if (roots.kind === 'roots') return words(`The roots are ${JSON.stringify(roots)}`);
      return inputRequired({ inputRequests: { client_roots: inputRequired.listRoots() } });
    },
  ],
  ['test_input_required_result_request_state', askingWithState(confirm, 'state-ok')],
  ['test_input_required_result_tampered_state', askingWithState(confirm, 'state-ok')],
  ['test_input_required_result_multiple_inputs', askingWithState(everything, 'All answers are here.')],
  ['test_input_required_result_multi_round', inSteps],
  ['test_input_required_result_capabilities', asFarAsAble],
  ['test_missing_capability', needsSampling],
  ['test_streaming_elicitation', asking({ user_name: userName }, 'The client answered.')],
]);
