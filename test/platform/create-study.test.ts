import { expect, test } from 'vitest';
import { z } from 'zod';
import type { path } from '../../src/downstream/path.ts';
import { AppError } from '../../src/errors.ts';
import type { Progress, ToolContext } from '../../src/tool/context/tool-context.ts';
import { Job } from '../../tools/jobs/job.ts';
import { createStudy } from '../../tools/studies/create-study.ts';
import { StudyJob } from '../../tools/studies/study-job.ts';
import { alpha, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

type Told = { readonly done: number; readonly total: number; readonly message: string };
type Answer = {
  readonly study: { readonly status: string; readonly summary?: string };
  readonly job: { readonly status: string };
};

/** What a handler sees, as far as create_study looks: the platform bound to alpha. */
function contextOn(platform: TemporaryPlatform, signal: AbortSignal, progress: Progress | null): ToolContext {
  const send = async (method: 'GET' | 'POST', to: string, schema: z.ZodType, body?: object) => {
    const reply = await platform.send(method, to, alpha, body);
    if (reply.status >= 400) throw new AppError('NOT_FOUND');
    return schema.parse(reply.body);
  };
  const downstream = {
    get: (to: ReturnType<typeof path>, _: unknown, schema: z.ZodType) => send('GET', to.text, schema),
    post: (to: ReturnType<typeof path>, body: object, schema: z.ZodType) =>
      send('POST', to.text, schema, body),
  };
  // The handler uses these three and nothing else of its context.
  return { downstream, signal, progress } as unknown as ToolContext;
}

async function readyStudy(platform: TemporaryPlatform) {
  const [agent] = platform.add(alpha, [{}]);
  const body = { name: 'g', agent_ids: [agent?.agentId ?? ''] };
  const made = await platform.post('/v1/research-groups', alpha, body);
  const { research_group } = made.body as { research_group: { research_group_id: string } };
  const { research_group_id } = research_group;
  return { name: 's', objective: 'o', research_group_id, questions: ['a', 'b', 'c', 'd', 'e', 'f'] };
}

const never = new AbortController().signal;

test('without progress a study is answered at once, still queued', async () => {
  const platform = temporaryPlatform();
  const input = await readyStudy(platform);
  const answer = (await createStudy.handle(input, contextOn(platform, never, null))) as Answer;
  expect([answer.study.status, answer.job.status]).toEqual(['queued', 'queued']);
  expect(() => createStudy.parseOutput(answer)).not.toThrow();
});

test('with progress a study reports growing progress and is answered completed, with its summary', async () => {
  const platform = temporaryPlatform();
  const input = await readyStudy(platform);
  const told: Told[] = [];
  const tell: Progress = async (done, total, message) => void told.push({ done, total, message });
  const answer = (await createStudy.handle(input, contextOn(platform, never, tell))) as Answer;
  expect([answer.study.status, answer.job.status]).toEqual(['completed', 'completed']);
  expect(answer.study.summary).toContain('6 questions put to 1 agent.');
  const done = told.map((one) => one.done);
  expect(done.length).toBeGreaterThan(4);
  expect(done).toEqual([...new Set(done)].toSorted((a, b) => a - b));
  expect(told.at(0)).toEqual({ done: 0, total: 100, message: 'The study is queued.' });
  expect(told.at(-1)).toEqual({ done: 100, total: 100, message: 'The study is completed.' });
});

test('a caller who goes away ends the wait at once, with the reason', async () => {
  const platform = temporaryPlatform();
  const input = await readyStudy(platform);
  const caller = new AbortController();
  const gone = new Error('the caller went away');
  const waiting = createStudy.handle(
    input,
    contextOn(platform, caller.signal, async () => {}),
  );
  setTimeout(() => caller.abort(gone), 200);
  await expect(waiting).rejects.toBe(gone);
});

test('the job is shown in one form, by the study and by the job tools', () => {
  expect(z.toJSONSchema(StudyJob)).toEqual(z.toJSONSchema(Job));
});
