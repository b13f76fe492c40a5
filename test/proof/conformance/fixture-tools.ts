import { z } from 'zod';
import { AppError, defineTool, type Tool, type ToolContent } from '../../../src/tool/public.ts';

/** A PNG of one red pixel, and a WAV without a sample; base64. */
export const PNG =
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8DwHwAFBQIAX8jx0gAAAABJRU5ErkJggg==';
const WAV = 'UklGRiQAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQAAAAA=';

const nothing = z.strictObject({});
const Done = z.object({ done: z.literal(true) });

/** What all fixtures have in common: every verified caller may call them, and they answer nothing but `content`. */
const fixture = (name: string) => ({
  name,
  title: name,
  description: 'A fixture of the conformance suite.',
  scope: 'any' as const,
  effect: 'reads' as const,
  protocol: 'mcp' as const,
  input: nothing,
  output: Done,
});

const showing = (name: string, content: readonly ToolContent[]): Tool =>
  defineTool({ ...fixture(name), content: () => content, handle: async () => ({ done: true as const }) });

const text = (words: string): ToolContent => ({ type: 'text', text: words });
const image: ToolContent = { type: 'image', data: PNG, mimeType: 'image/png' };
const resource = (uri: string, mimeType: string, words: string): ToolContent => ({
  type: 'resource',
  resource: { uri, mimeType, text: words },
});

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** The fixtures that `defineTool` can express: they go the way of every tool. */
export const fixtureTools: readonly Tool[] = [
  showing('test_simple_text', [text('This is a simple text response for testing.')]),
  showing('test_image_content', [image]),
  showing('test_audio_content', [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }]),
  showing('test_embedded_resource', [
    resource('test://embedded-resource', 'text/plain', 'This is an embedded resource content.'),
  ]),
  showing('test_multiple_content_types', [
    text('Multiple content types test:'),
    image,
    resource('test://mixed-content-resource', 'application/json', '{"test":"data","value":123}'),
  ]),
  defineTool({
    ...fixture('test_error_handling'),
    async handle() {
      throw new AppError('FORBIDDEN', { message: 'This tool intentionally returns an error for testing' });
    },
  }),
  defineTool({
    ...fixture('test_tool_with_progress'),
    reportsProgress: true,
    content: () => [text('Progress was reported.')],
    async handle(_input, { progress }) {
      for (const done of [0, 50, 100]) {
        await progress?.(done, 100, 'on the way');
        await pause(50);
      }
      return { done: true as const };
    },
  }),
  {
    ...showing('json_schema_2020_12_tool', [text('ok')]),
    inputJsonSchema: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: {
          $anchor: 'addressDef',
          type: 'object',
          properties: { street: { type: 'string' }, city: { type: 'string' } },
        },
      },
      properties: {
        name: { type: 'string' },
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: { type: 'string' },
        email: { type: 'string' },
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
  },
];

/** The registry's side of a tool whose answer the SDK gives: gate, list and audit know it like all others. */
export const sdkTool = (name: string): Tool =>
  defineTool({
    ...fixture(name),
    async handle() {
      throw new Error(`${name} is answered by the SDK`);
    },
  });
