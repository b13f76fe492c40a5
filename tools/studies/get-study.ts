import { z } from 'zod';
import { defineTool, path } from '#tool';
import { Study } from './study.ts';

const StudyReply = z.object({ study: Study });

export const getStudy = defineTool({
  name: 'get_study',
  title: 'Get a study',
  description: 'Gives one study by its id: objective, status and, once completed, its summary.',
  scope: 'study:read',
  effect: 'reads',
  rest: 'GET /v1/studies/{study_id}',
  resource: {
    uri: 'study://{study_id}',
    title: 'Study report',
    description:
      'One study with its status and, once completed, its summary, as JSON. Its id is completed from its name.',
    completion: { tool: 'list_studies', rows: 'studies' },
  },
  input: z.strictObject({
    study_id: z.string().min(1).max(100).describe('Id of the study, `std_…`.'),
  }),
  output: StudyReply,
  handle: ({ study_id }, { downstream }) => downstream.get(path`/v1/studies/${study_id}`, {}, StudyReply),
});
