import { expect, test } from 'vitest';
import { acme } from '../../db/platform/demo/acme.ts';
import { bolt } from '../../db/platform/demo/bolt.ts';
import type { DemoContent } from '../../db/platform/demo/demo-content.ts';
import { households } from '../../db/platform/demo/households.ts';
import { loadNames } from '../../db/platform/demo/names.ts';
import { drawPeople } from '../../db/platform/demo/people.ts';
import { newOrganizationId, type OrganizationId } from '../../src/ids.ts';
import { alpha, beta, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

type Row = Record<string, unknown>;

/** Every agent of the organisation, newest first. */
async function everyone(platform: TemporaryPlatform, organizationId: string): Promise<readonly Row[]> {
  const rows: Row[] = [];
  let cursor: string | null = null;
  do {
    const page = await platform.search(organizationId, { limit: '100', ...(cursor !== null && { cursor }) });
    rows.push(...page.agents);
    cursor = page.next_cursor;
  } while (cursor !== null);
  return rows;
}

/** A row without what is the organisation's own. */
const content = ({ organization_id: _, agent_id: __, ...rest }: Row): Row => rest;

async function listed(platform: TemporaryPlatform, path: string, organizationId: string) {
  const { body } = await platform.get(path, organizationId);
  const [rows] = Object.values(body as Record<string, readonly Row[]>);
  return rows ?? [];
}

async function seeded(organizationId: OrganizationId, profile: 'acme' | 'bolt') {
  const platform = temporaryPlatform(() => 1_760_000_000_000);
  await platform.downstream.seedDemo(organizationId, profile);
  return platform;
}

test('a profile is the same people in every organisation, under ids of its own', async () => {
  const platform = await seeded(alpha, 'acme');
  const third = newOrganizationId(3);
  await platform.downstream.seedDemo(third, 'acme');
  const [first, second] = [await everyone(platform, alpha), await everyone(platform, third)];
  expect(first).toHaveLength(300);
  expect(second.map(content)).toEqual(first.map(content));
  const ids = new Set([...first, ...second].map((row) => row.agent_id));
  expect(ids.size).toBe(600);
  const again = await seeded(alpha, 'acme');
  expect(await everyone(again, alpha)).toEqual(first);
});

test('the two profiles differ in people, countries, occupations, groups and studies', async () => {
  const platform = await seeded(alpha, 'acme');
  await platform.downstream.seedDemo(beta, 'bolt');
  const [first, second] = [await everyone(platform, alpha), await everyone(platform, beta)];
  const shared = (field: string) => {
    const known = new Set(first.map((row) => row[field]));
    return second.filter((row) => known.has(row[field])).length;
  };
  expect(shared('biography')).toBe(0);
  expect(shared('country')).toBe(0);
  expect(shared('occupation')).toBe(0);
  expect(shared('name')).toBeLessThan(5);
  for (const path of ['/v1/research-groups', '/v1/studies']) {
    const [ours, theirs] = [await listed(platform, path, alpha), await listed(platform, path, beta)];
    expect(ours.filter((row) => theirs.some((other) => other.name === row.name))).toEqual([]);
  }
});

test.each(['acme', 'bolt'] as const)('%s has groups, completed studies and their jobs', async (profile) => {
  const platform = await seeded(alpha, profile);
  const groups = await listed(platform, '/v1/research-groups', alpha);
  expect(groups.length).toBeGreaterThanOrEqual(3);
  for (const group of groups) {
    const found = await platform.search(alpha, {
      research_group_id: String(group.research_group_id),
      limit: '100',
    });
    expect(found.agents).toHaveLength(Number(group.agent_count));
    expect(group.agent_count).toBeGreaterThan(10);
  }
  const studies = await listed(platform, '/v1/studies', alpha);
  expect(studies.length).toBeGreaterThanOrEqual(2);
  for (const study of studies)
    expect(study).toMatchObject({ status: 'completed', summary: expect.stringMatching(/agents\. Ages/) });
  const jobs = await listed(platform, '/v1/jobs', alpha);
  expect(jobs.map((job) => [job.study_id, job.status, job.progress])).toEqual(
    studies.map((study) => [study.study_id, 'completed', 100]),
  );
});

test('seeding twice, also at once and with another profile, adds nothing', async () => {
  const platform = await seeded(alpha, 'acme');
  const before = await everyone(platform, alpha);
  const { seedDemo } = platform.downstream;
  await Promise.all([seedDemo(alpha, 'acme'), seedDemo(alpha, 'bolt'), seedDemo(alpha, 'acme')]);
  expect(await everyone(platform, alpha)).toEqual(before);
  await Promise.all([seedDemo(beta, 'bolt'), seedDemo(beta, 'bolt')]);
  expect(await everyone(platform, beta)).toHaveLength(300);
});

test.each([
  ['acme', acme],
  ['bolt', bolt],
])(
  'everyone whom %s could draw is whole: age, household, grammar, tags',
  async (_, profile: DemoContent) => {
    for (const person of drawPeople(profile, await loadNames(profile), 5_000)) {
      const { age, biography, name, occupation, tags } = person;
      expect(age).toBeGreaterThanOrEqual(18);
      expect(age).toBeLessThanOrEqual(90);
      expect(biography, name).not.toMatch(/[{}|]|undefined|lorem|\bthey (is|has|lives|works|was)\b| {2}/i);
      const sentences = biography.split(/[.] (?=\p{Lu})/u).length;
      expect(sentences, biography).toBeGreaterThanOrEqual(2);
      expect(sentences, biography).toBeLessThanOrEqual(4);
      expect(biography).toContain(`${age}-year-old ${occupation.toLowerCase()} from ${person.city}`);
      expect(tags.length, tags.join()).toBeGreaterThanOrEqual(3);
      expect(tags.length).toBeLessThanOrEqual(6);
      const household = households.find(({ tag }) => tags.includes(tag));
      expect(age).toBeGreaterThanOrEqual(household?.ages[0] ?? 200);
      expect(age).toBeLessThanOrEqual(household?.ages[1] ?? 0);
      expect(name).toMatch(/^\S+( \S+)+$/u);
    }
  },
  30_000,
);
