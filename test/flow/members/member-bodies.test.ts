import { expect, test } from 'vitest';
import { addMember, createGroup, startWithManagers } from '../../support/member-managers.ts';

const unknownUser = 'usr_01ARZ3NDEKTSV4RRFFQ69G5FAV';

test('bodies are strict, and refuse what the server alone sets', async () => {
  const { acmeSends } = await startWithManagers();
  const ada = (await addMember(acmeSends, { email: 'ada@example.org' })).user_id;
  const groupId = (await createGroup(acmeSends)).group_id;
  await createGroup(acmeSends, { name: 'Taken' });
  const before = [(await acmeSends('GET', 'members')).text, (await acmeSends('GET', 'groups')).text];
  const bodies: [string, string, object, string?][] = [
    ...[
      {},
      { name: ' ' },
      { name: 'x'.repeat(101) },
      { name: 'Ada', email: 'nobody' },
      { name: 'Ada', email: 'ada@example.org' },
      { name: 'Ada', email: 'ADA@EXAMPLE.ORG' },
      { name: 'Ada', role: 'owner' },
      { name: 'Ada', user_id: unknownUser },
      { name: 'Ada', active: false },
      { name: 'Ada', created_by: 'x' },
    ].map((body) => ['POST', 'members', body] as [string, string, object]),
    ['POST', 'members', { name: 'Ada', organization_id: 'x' }, 'ORGANIZATION_IN_ARGUMENTS'],
    ...[{}, { role: 'root' }, { active: 'no' }, { role: 'admin', name: 'x' }, { user_id: ada }].map(
      (body) => ['PATCH', `members/${ada}`, body] as [string, string, object],
    ),
    ...[{}, { name: 'Taken' }, { name: 'New', permissions: 'a' }, { name: 'New', permissions: [''] }].map(
      (body) => ['POST', 'groups', body] as [string, string, object],
    ),
    ['POST', 'groups', { name: 'New', members: [ada] }],
    ...[{}, { name: 'Taken' }, { members: [ada] }, { permissions: ['a', 1] }].map(
      (body) => ['PATCH', `groups/${groupId}`, body] as [string, string, object],
    ),
    ['POST', `groups/${groupId}/members`, {}],
    ['POST', `groups/${groupId}/members`, { user_id: ada, role: 'admin' }],
  ];
  for (const [method, path, body, code = 'VALIDATION_ERROR'] of bodies) {
    const answer = await acmeSends(method, path, body);
    expect([body, answer.status, answer.body.error?.code]).toEqual([body, 400, code]);
  }
  expect((await acmeSends('GET', 'members')).text).toBe(before[0]);
  expect((await acmeSends('GET', 'groups')).text).toBe(before[1]);
});
