import { expect, test } from 'vitest';
import { alpha, beta, type TemporaryPlatform, temporaryPlatform } from './temporary-platform.ts';

const queries = ['nurse', 'nurse hamburg', 'nurse hamburg night', 'baker', 'germany', 'or and not', ''];

async function answers(platform: TemporaryPlatform): Promise<string> {
  const replies = queries.flatMap((query) =>
    [undefined, '3'].map((limit) =>
      platform.get(`/v1/agents/search?${new URLSearchParams({ query, ...(limit && { limit }) })}`, alpha),
    ),
  );
  return JSON.stringify(await Promise.all(replies));
}

/** Hamburg is common here and nurses are rare, which is the other way round where beta joins. */
function addAlpha(platform: TemporaryPlatform): void {
  const occupations = ['Baker', 'Baker', 'Night nurse', 'Teacher', 'Baker'];
  const biographies = [
    'Lives in Hamburg.',
    'Works at night in Hamburg.',
    'Knows a nurse.',
    'Bakes in Hamburg.',
  ];
  platform.add(
    alpha,
    Array.from({ length: 60 }, (_, index) => ({
      city: 'Bonn',
      occupation: occupations[index % 5] ?? '',
      biography: biographies[(index * 7 + (index >> 2)) % 4] ?? '',
    })),
  );
}

test('an order is the same bytes before and after another organisation adds 10,000 agents', async () => {
  const platform = temporaryPlatform();
  addAlpha(platform);
  const before = await answers(platform);
  platform.add(
    beta,
    Array.from({ length: 10_000 }, (_, index) => ({
      city: 'Bonn',
      occupation: 'Nurse',
      biography: index % 3 === 0 ? 'nurse '.repeat(20) : 'A nurse at night.',
    })),
  );
  expect(await answers(platform)).toBe(before);
  await platform.reopen();
  expect(await answers(platform)).toBe(before);
}, 30_000);

test('names, occupations and tags rank before biographies, all words before some, newer before older', async () => {
  const platform = temporaryPlatform();
  const rows = platform.add(alpha, [
    { name: 'some', biography: 'nurse' },
    { name: 'all in strong, older', occupation: 'nurse', tags: ['night'] },
    { name: 'all anywhere', occupation: 'nurse', biography: 'by night' },
    { name: 'none' },
    { name: 'all in strong, newer night', occupation: 'nurse' },
    { name: 'some, newer', tags: ['night'] },
  ]);
  const found = await platform.search(alpha, { query: 'Night nurse' });
  const order = [4, 1, 2, 5, 0].map((index) => rows[index]?.agentId);
  expect(found.agents.map((row) => row.agent_id)).toEqual(order);
});

test.each(queries)('all pages of %j show each agent once, in the order of one big page', async (query) => {
  const platform = temporaryPlatform();
  addAlpha(platform);
  platform.add(beta, [{ occupation: 'Nurse' }]);
  const whole = await platform.search(alpha, { query, limit: '100' });
  for (const limit of ['1', '7', '20', '60']) {
    const shown: string[] = [];
    let cursor: string | null = null;
    do {
      const page = await platform.search(alpha, { query, limit, ...(cursor !== null && { cursor }) });
      expect(page.agents.length).toBeLessThanOrEqual(Number(limit));
      shown.push(...page.agents.map((row) => row.agent_id));
      expect(shown.length).toBeLessThanOrEqual(whole.agents.length);
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(shown).toEqual(whole.agents.map((row) => row.agent_id));
  }
});

test('agents that join while someone pages neither repeat nor hide the others', async () => {
  const platform = temporaryPlatform();
  addAlpha(platform);
  const first = await platform.search(alpha, { query: 'nurse', limit: '10' });
  const rest = { query: 'nurse', limit: '100', cursor: first.next_cursor ?? '' };
  const before = await platform.search(alpha, rest);
  platform.add(alpha, [{ occupation: 'Nurse', name: 'Late' }]);
  const firstTierRows = (agents: typeof before.agents) => agents.filter((row) => row.name !== 'Late');
  expect(firstTierRows((await platform.search(alpha, rest)).agents)).toEqual(before.agents);
});

test.each([
  ['/v1/agents/search', ['x', '', '1', '0.5x', '3.1', '0.-1', '1.5', '9.9', '0.1e3']],
  ['/v1/agents/search?query=one', ['0.5', '3.5', '4.1', '1.']],
  ['/v1/research-groups', ['x', '', '-1', '1.5', '0.5', ' 1']],
  ['/v1/studies', ['x', '']],
  ['/v1/jobs', ['x', '']],
])('a malformed cursor on %s is answered 400', async (path, cursors) => {
  const platform = temporaryPlatform();
  platform.add(alpha, [{}]);
  for (const cursor of cursors) {
    const joined = `${path}${path.includes('?') ? '&' : '?'}${new URLSearchParams({ cursor })}`;
    expect((await platform.get(joined, alpha)).status, JSON.stringify(cursor)).toBe(400);
  }
});
