import {
  acceptedContent,
  type GetPromptResult,
  type InputRequiredResult,
  inputRequired,
  type PromptMessage,
  type ReadResourceResult,
  type Server,
  type ServerContext,
} from '@modelcontextprotocol/server';
import type { RequestContext } from '../../../src/transport/http/request-context.ts';
import { resourceNotFound } from '../../../src/transport/mcp/mcp-server.ts';
import type { SdkAnswer, SdkExtension } from '../../../src/transport/mcp/sdk-extension.ts';
import { askingTools, stateCodec } from './asking-tools.ts';
import { PNG } from './fixture-tools.ts';

const saying = (text: string): PromptMessage => ({ role: 'user', content: { type: 'text', text } });

type PromptAnswer = GetPromptResult | InputRequiredResult;
type Prompt = {
  readonly arguments: readonly string[];
  readonly get: (given: Readonly<Record<string, string>>, context: ServerContext) => PromptAnswer;
};

const prompts: Readonly<Record<string, Prompt>> = {
  test_simple_prompt: {
    arguments: [],
    get: () => ({ messages: [saying('This is a simple prompt for testing.')] }),
  },
  test_prompt_with_arguments: {
    arguments: ['arg1', 'arg2'],
    get: ({ arg1, arg2 }) => ({
      messages: [saying(`Prompt with arguments: arg1='${arg1}', arg2='${arg2}'`)],
    }),
  },
  test_prompt_with_embedded_resource: {
    arguments: ['resourceUri'],
    get: ({ resourceUri = '' }) => ({
      messages: [
        {
          role: 'user',
          content: {
            type: 'resource',
            resource: {
              uri: resourceUri,
              mimeType: 'text/plain',
              text: 'Embedded resource content for testing.',
            },
          },
        },
        saying('Please process the embedded resource above.'),
      ],
    }),
  },
  test_prompt_with_image: {
    arguments: [],
    get: () => ({
      messages: [
        { role: 'user', content: { type: 'image', data: PNG, mimeType: 'image/png' } },
        saying('Please analyze the image above.'),
      ],
    }),
  },
  test_input_required_result_prompt: {
    arguments: [],
    get(_given, { mcpReq }) {
      const given = acceptedContent<{ context: string }>(mcpReq.inputResponses, 'user_context');
      if (given !== undefined) return { messages: [saying(`The context is ${given.context}`)] };
      const properties = { context: { type: 'string' as const } };
      const requestedSchema = { type: 'object' as const, properties, required: ['context'] };
      const message = 'What context should the prompt use?';
      return inputRequired({
        inputRequests: { user_context: inputRequired.elicit({ message, requestedSchema }) },
      });
    },
  },
};

const listed = [
  { uri: 'test://static-text', name: 'static-text', mimeType: 'text/plain' },
  { uri: 'test://static-binary', name: 'static-binary', mimeType: 'image/png' },
];
const template = { uriTemplate: 'test://template/{id}/data', name: 'template', mimeType: 'application/json' };

function readFixture(uri: string): ReadResourceResult | undefined {
  const [, id] = /^test:\/\/template\/([^/]+)\/data$/.exec(uri) ?? [];
  if (id !== undefined) {
    const text = JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` });
    return { contents: [{ uri, mimeType: 'application/json', text }] };
  }
  if (uri === 'test://static-binary') return { contents: [{ uri, mimeType: 'image/png', blob: PNG }] };
  if (uri !== 'test://static-text') return undefined;
  return {
    contents: [{ uri, mimeType: 'text/plain', text: 'This is the content of the static text resource.' }],
  };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const logging: SdkAnswer = async ({ mcpReq }) => {
  for (const text of ['Tool execution started', 'Tool processing data', 'Tool execution completed']) {
    await mcpReq.log('info', text);
    await pause(50);
  }
  return { content: [{ type: 'text', text: 'Three lines were logged.' }] };
};

const sdkAnswers = new Map([
  ...askingTools,
  ['test_tool_with_logging', logging] as const,
  ['test_logging_tool', logging] as const,
]);

/** What the suite wants and the product does not offer; the SDK alone answers it. */
export const conformanceExtension: SdkExtension = {
  options: { requestState: { verify: stateCodec.verify } },
  tools: sdkAnswers,
  extend: addFixtures,
};

function addFixtures(server: Server, contextOf: (context: ServerContext) => RequestContext): void {
  server.registerCapabilities({ prompts: {}, resources: {}, completions: {}, logging: {} });
  server.setRequestHandler('logging/setLevel', () => ({}));
  server.setRequestHandler('resources/list', () => ({ resources: listed }));
  server.setRequestHandler('resources/templates/list', () => ({ resourceTemplates: [template] }));
  server.setRequestHandler('resources/read', ({ params }, context) => {
    const found = readFixture(params.uri);
    if (found === undefined) throw resourceNotFound(params.uri, contextOf(context));
    return found;
  });
  server.setRequestHandler('completion/complete', () => ({ completion: { values: ['paris', 'park'] } }));
  server.setRequestHandler('prompts/list', () => ({
    prompts: Object.entries(prompts).map(([name, prompt]) => ({
      name,
      description: 'A fixture of the conformance suite.',
      arguments: prompt.arguments.map((argument) => ({ name: argument, required: true })),
    })),
  }));
  server.setRequestHandler('prompts/get', ({ params }, context) => {
    const prompt = Object.hasOwn(prompts, params.name) ? prompts[params.name] : undefined;
    if (prompt === undefined) throw resourceNotFound(params.name, contextOf(context));
    return prompt.get(params.arguments ?? {}, context);
  });
}
