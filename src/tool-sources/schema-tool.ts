import { AppError } from '../errors.ts';
import { validated } from '../json-schema/json-schema.ts';
import { asNode } from '../json-schema/node.ts';
import type { Tool } from '../tool/define-tool.ts';
import { lazyValidator, parseBySchema } from './schema-validator.ts';

/** Where such tools are all alike. */
const alike = { onMcp: true, creates: false, maxInputElements: null, content: null, resource: null } as const;

type Own = Omit<Tool, keyof typeof alike | 'parseInput' | 'parseOutput'>;

/**
 * A tool of another program, which describes its arguments and replies by JSON Schemas. The audit keeps
 * `unexpectedReply` when a reply is not as its schema says.
 */
export function createSchemaTool(unexpectedReply: string, own: Own): Tool {
  const inputValidator = lazyValidator(() => validated(asNode(own.inputJsonSchema)));
  const outputValidator = lazyValidator(() => validated(asNode(own.outputJsonSchema)));
  return Object.freeze<Tool>({
    ...own,
    ...alike,
    parseInput: (raw) => parseBySchema(raw, inputValidator()),
    parseOutput(handled) {
      if (outputValidator()(handled) === true) return asNode(handled);
      throw new AppError('DOWNSTREAM_FAILED', { detail: { reason: unexpectedReply } });
    },
  });
}
