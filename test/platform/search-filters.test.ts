import { beforeEach, expect, test } from 'vitest';
import { alpha, beta, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

const people = [
  { name: 'Ana', age: 18, gender: 'female', country: 'DE', occupation: 'Nurse', tags: ['a', 'b'] },
  { name: 'Ben', age: 30, gender: 'male', country: 'DE', occupation: 'Nurse practitioner', tags: ['b'] },
  { name: 'Çem', age: 30, gender: 'non_binary', country: 'TR', occupation: 'Öğretmen', tags: ['A', 'c'] },
  { name: 'Dee', age: 65, gender: 'female', country: 'FR', occupation: 'Retired nurse', tags: [] },
  {
    name: 'Eve',
    age: 90,
    gender: 'female',
    country: 'FR',
    occupation: '100% baker',
    tags: ['b', 'a', 'c'],
  },
];

let platform: TemporaryPlatform;
let ids: readonly string[];

beforeEach(() => {
  platform = temporaryPlatform();
  ids = platform.add(alpha, people).map((row) => row.agentId);
  platform.add(beta, people);
});

async function names(query: Record<string, string | readonly string[]>): Promise<readonly unknown[]> {
  const found = await platform.search(alpha, query);
  expect(found.agents.every((row) => row.organization_id === alpha)).toBe(true);
  return found.agents.map((row) => row.name);
}

test.each<[Record<string, string | readonly string[]>, readonly string[]]>([
  [{ country: 'DE' }, ['Ben', 'Ana']],
  [{ country: 'de' }, ['Ben', 'Ana']],
  [{ country: 'XX' }, []],
  [{ gender: 'non_binary' }, ['Çem']],
  [{ min_age: '65' }, ['Eve', 'Dee']],
  [{ max_age: '18' }, ['Ana']],
  [{ min_age: '19', max_age: '64' }, ['Çem', 'Ben']],
  [{ occupation: 'nurse' }, ['Ben', 'Ana']],
  [{ occupation: 'NURSE P' }, ['Ben']],
  [{ occupation: 'öğret' }, ['Çem']],
  [{ occupation: '100%' }, ['Eve']],
  [{ occupation: '%' }, []],
  [{ occupation: '_urse' }, []],
  [{ tags: ['a'] }, ['Eve', 'Çem', 'Ana']],
  [{ tags: ['B', 'a'] }, ['Eve', 'Ana']],
  [{ tags: ['a', 'b', 'c', 'd'] }, []],
  [{ query: 'nurse', gender: 'female' }, ['Dee', 'Ana']],
  [{ query: 'nurse', country: 'DE', tags: ['a'], min_age: '10', occupation: 'n' }, ['Ana']],
])('the filter %j finds %j, newest first', async (query, expected) => {
  expect(await names(query)).toEqual(expected);
});

test('a research group narrows a search, with and without words, to its own agents', async () => {
  const members = [ids[0], ids[3], ids[4]];
  const reply = await platform.post('/v1/research-groups', alpha, { name: 'three', agent_ids: members });
  const { research_group } = reply.body as { research_group: { research_group_id: string } };
  const { research_group_id } = research_group;
  expect(await names({ research_group_id })).toEqual(['Eve', 'Dee', 'Ana']);
  expect(await names({ research_group_id, query: 'nurse' })).toEqual(['Dee', 'Ana']);
  expect(await names({ research_group_id: 'rgp_unknown' })).toEqual([]);
  const foreign = await platform.search(beta, { research_group_id });
  expect(foreign).toEqual(await platform.search(beta, { research_group_id: 'rgp_unknown' }));
});

test.each([
  'limit=0',
  'limit=101',
  'limit=x',
  'limit=1&limit=2',
  'min_age=-1',
  'max_age=abc',
  'min_age=1.5',
  'query=a&query=b',
  'country=DE&country=FR',
])('a search with %s is answered 400', async (query) => {
  expect((await platform.get(`/v1/agents/search?${query}`, alpha)).status).toBe(400);
});

test('an agent carries the promised fields and its organisation, and nothing of the index', async () => {
  const reply = await platform.get(`/v1/agents/${ids[0]}`, alpha);
  expect(reply).toEqual({
    status: 200,
    body: {
      agent: {
        organization_id: alpha,
        agent_id: ids[0],
        name: 'Ana',
        age: 18,
        gender: 'female',
        country: 'DE',
        city: 'Hamburg',
        occupation: 'Nurse',
        biography: 'Ada bakes.',
        tags: ['a', 'b'],
      },
    },
  });
});
