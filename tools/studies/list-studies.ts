import { z } from 'zod';
import { defineTool, nextCursor, pageCursor, pageLimit, path } from '#tool';
import { Study } from './study.ts';

const StudyPage = z.object({ studies: z.array(Study), next_cursor: nextCursor });

export const listStudies = defineTool({
  name: 'list_studies',
  title: 'List studies',
  description:
    'Lists the studies of the organisation, newest first, each with its status and, once completed, its summary.',
  scope: 'study:read',
  effect: 'reads',
  rest: 'GET /v1/studies',
  input: z.strictObject({ limit: pageLimit, cursor: pageCursor }),
  output: StudyPage,
  handle: (input, { downstream }) => downstream.get(path`/v1/studies`, input, StudyPage),
});
