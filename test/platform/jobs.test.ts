import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { alpha, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

type Job = {
  readonly job_id: string;
  readonly study_id: string;
  readonly status: string;
  readonly progress: number;
  readonly created_at: string;
  readonly finished_at: string | null;
};
type Study = { readonly study_id: string; readonly status: string; readonly summary?: string };

const questions = ['How do you travel?', 'What does it cost?', 'What would you change?'];

async function startStudy(platform: TemporaryPlatform): Promise<{ study: Study; job: Job }> {
  const agents = platform.add(alpha, [
    { country: 'DE', occupation: 'Nurse', age: 30 },
    { country: 'FR', occupation: 'Baker', age: 50, gender: 'male' },
    { country: 'DE', occupation: 'Nurse', age: 41 },
  ]);
  platform.add(alpha, [{ country: 'SE', occupation: 'Not asked' }]);
  const group = await platform.post('/v1/research-groups', alpha, {
    name: 'g',
    agent_ids: agents.map((agent) => agent.agentId),
  });
  const { research_group } = group.body as { research_group: { research_group_id: string } };
  const { research_group_id } = research_group;
  const made = await platform.post('/v1/studies', alpha, {
    name: 's',
    objective: 'o',
    research_group_id,
    questions,
  });
  expect(made.status).toBe(201);
  return made.body as { study: Study; job: Job };
}

const readJob = async (platform: TemporaryPlatform, id: string): Promise<Job> =>
  ((await platform.get(`/v1/jobs/${id}`, alpha)).body as { job: Job }).job;

const readStudy = async (platform: TemporaryPlatform, id: string): Promise<Study> =>
  ((await platform.get(`/v1/studies/${id}`, alpha)).body as { study: Study }).study;

/** Reads the job until `enough`, and gives every state that was seen. */
async function watch(platform: TemporaryPlatform, id: string, enough: (job: Job) => boolean) {
  const seen: Job[] = [];
  const latest = performance.now() + 60_000;
  while (performance.now() < latest) {
    const job = await readJob(platform, id);
    seen.push(job);
    if (enough(job)) return seen;
    await sleep(20);
  }
  throw new Error(`the job did not get there: ${JSON.stringify(seen.at(-1))}`);
}

const isCompleted = (job: Job): boolean => job.status === 'completed';

test('a job is queued, then runs with growing progress, then is completed, and its study with it', async () => {
  const platform = temporaryPlatform();
  const { study, job } = await startStudy(platform);
  expect([study.status, job.status, job.progress, job.finished_at]).toEqual(['queued', 'queued', 0, null]);
  expect(study).not.toHaveProperty('summary');
  const startedAt = performance.now();
  const seen = await watch(platform, job.job_id, isCompleted);
  expect(performance.now() - startedAt).toBeGreaterThan(1000);
  const states = [...new Set([job, ...seen].map((one) => one.status))];
  expect(states).toEqual(['queued', 'running', 'completed']);
  const progress = seen.map((one) => one.progress);
  expect(progress).toEqual(progress.toSorted((a, b) => a - b));
  expect(new Set(progress).size).toBeGreaterThan(4);
  const last = seen.at(-1);
  expect(last?.progress).toBe(100);
  expect(Date.parse(last?.finished_at ?? '')).toBeGreaterThan(Date.parse(job.created_at));
  expect((await readStudy(platform, study.study_id)).status).toBe('completed');
});

test('the summary says who was asked and what, from the data alone', async () => {
  const platform = temporaryPlatform();
  const { study, job } = await startStudy(platform);
  await watch(platform, job.job_id, isCompleted);
  expect((await readStudy(platform, study.study_id)).summary).toBe(
    '3 questions put to 3 agents. Ages 30 to 50, median 41. Gender: female 2, male 1. ' +
      'Countries: Germany 2, France 1. Occupations: Nurse 2, Baker 1. ' +
      'Asked: (1) How do you travel? (2) What does it cost? (3) What would you change?',
  );
});

test('a job goes on after a restart from where it was', async () => {
  const platform = temporaryPlatform();
  const { study, job } = await startStudy(platform);
  const before = (await watch(platform, job.job_id, (one) => one.progress >= 30)).at(-1);
  await platform.reopen();
  const resumed = await readJob(platform, job.job_id);
  expect(resumed.status).toBe('running');
  expect(resumed.progress).toBeGreaterThanOrEqual(before?.progress ?? 100);
  expect(resumed.progress).toBeLessThan(100);
  await watch(platform, job.job_id, isCompleted);
  expect((await readStudy(platform, study.study_id)).status).toBe('completed');
});

test('two processes on one file drive a job once: no step is skipped, done twice or done again', async () => {
  const platform = temporaryPlatform();
  const { job } = await startStudy(platform);
  // Half a step apart, so that the second process always comes late.
  await sleep(90);
  const second = openPlatform(platform.file, { now: Date.now, busyTimeoutMs: 2000 });
  const startedAt = performance.now();
  const seen = await watch(platform, job.job_id, isCompleted);
  await sleep(400);
  expect(await readJob(platform, job.job_id)).toEqual(seen.at(-1));
  await second.close();
  expect(performance.now() - startedAt).toBeGreaterThan(1000);
  const steps = [...new Set(seen.map((one) => one.progress))];
  expect(steps).toEqual([0, 11, 22, 33, 44, 55, 66, 77, 88, 100]);
});

test('a job whose process ended is taken up by another one that is asked for it', async () => {
  const platform = temporaryPlatform();
  const second = openPlatform(platform.file, { now: Date.now, busyTimeoutMs: 2000 });
  const { job } = await startStudy(platform);
  await platform.downstream.close();
  const url = new URL(`http://platform.invalid/v1/jobs/${job.job_id}?organization_id=${alpha}`);
  const { signal } = new AbortController();
  const ask = async () =>
    ((await second.send({ method: 'GET', url, body: undefined, signal })).body as { job: Job }).job.status;
  await expect.poll(ask).toBe('completed');
  await second.close();
});

test('a job ends although no process that is asked for it lives for a whole step', async () => {
  const platform = temporaryPlatform();
  const { job } = await startStudy(platform);
  const seen: number[] = [];
  // As a client does that starts `tenantry stdio` anew for each call.
  while (seen.at(-1) !== 100 && seen.length < 100) {
    await platform.reopen();
    await readJob(platform, job.job_id);
    await sleep(60);
    seen.push((await readJob(platform, job.job_id)).progress);
  }
  expect(seen.at(-1)).toBe(100);
});

test('an aborted request does nothing', async () => {
  const platform = temporaryPlatform();
  const url = new URL(`http://platform.invalid/v1/jobs?organization_id=${alpha}`);
  const signal = AbortSignal.abort(new Error('gone'));
  await expect(platform.downstream.send({ method: 'GET', url, body: undefined, signal })).rejects.toThrow(
    'gone',
  );
});
