import { z } from 'zod';
import { defineTool, delay, path, type ToolContext } from '#tool';
import { Study } from './study.ts';
import { StudyJob } from './study-job.ts';

const POLL_MS = 150;
const LONGEST_WAIT_MS = 30_000;

const StudyReply = z.object({ study: Study });
const JobReply = z.object({ job: StudyJob });
const Created = z.object({ study: Study, job: StudyJob });

type Job = z.output<typeof StudyJob>;

export const createStudy = defineTool({
  name: 'create_study',
  title: 'Create a study',
  description:
    'Makes a study, questions put to every agent of a research group, and starts the job that runs it. ' +
    'Where the client asks for progress, the call reports it and waits for the job, 30 seconds at most, and answers with ' +
    'study and job as they are then. Without progress it answers at once; follow the job with get_job, then read the study with get_study.',
  scope: 'study:write',
  effect: 'writes',
  rest: 'POST /v1/studies',
  creates: true,
  timeoutSeconds: 45,
  reportsProgress: true,
  input: z.strictObject({
    name: z.string().trim().min(1).max(200).describe('What the study is called, for people.'),
    objective: z.string().trim().min(1).max(2000).describe('What is to be learned, in a sentence or two.'),
    research_group_id: z
      .string()
      .min(1)
      .max(100)
      .describe('Whom to ask: id of a research group, `rgp_…`; see list_research_groups.'),
    questions: z
      .array(z.string().trim().min(1).max(1000))
      .min(1)
      .max(50)
      .describe('The questions in their order, 1 to 50.'),
  }),
  output: Created,
  async handle(input, context) {
    const { downstream, progress } = context;
    const made = await downstream.post(path`/v1/studies`, input, Created);
    if (progress === null) return made;
    const job = await followJob(made.job, context);
    const { study } = await downstream.get(path`/v1/studies/${made.study.study_id}`, {}, StudyReply);
    return { study, job };
  },
});

/** Reports each change of the job until it ends or `LONGEST_WAIT_MS` is over. Returns its latest state. */
async function followJob(started: Job, { downstream, progress, signal }: ToolContext): Promise<Job> {
  let job = started;
  let reported = -1;
  const latest = performance.now() + LONGEST_WAIT_MS;
  while (true) {
    // MCP requires progress to increase: https://modelcontextprotocol.io/specification (Progress).
    if (job.progress > reported) await progress?.(job.progress, 100, `The study is ${job.status}.`);
    reported = Math.max(reported, job.progress);
    const ended = job.status === 'completed' || job.status === 'failed';
    if (ended || performance.now() >= latest) return job;
    await delay(POLL_MS, signal);
    ({ job } = await downstream.get(path`/v1/jobs/${started.job_id}`, {}, JobReply));
  }
}
