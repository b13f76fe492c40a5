import { expect, test } from 'vitest';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;

const codeOf = (answer: JsonAnswer) => [answer.status, answer.body.error.data.code, answer.body.error.code];

test('pages of a search hold every match once, best first, in the order of one big page', async () => {
  const app = await startTwoTenants();
  const page = async (args: object) =>
    (await callTool(app.url, app.acme.defaultKey, 'search_agents', args)).body.result.structuredContent;
  const whole = await page({ query: 'nurse', limit: 100 });
  const ids: string[] = [];
  let cursor: string | null | undefined;
  do {
    const next = await page({ query: 'nurse', limit: 7, ...(cursor && { cursor }) });
    ids.push(...next.agents.map(({ agent_id }: { agent_id: string }) => agent_id));
    cursor = next.next_cursor;
  } while (cursor);
  const expected = whole.agents.map(({ agent_id }: { agent_id: string }) => agent_id);
  expect(ids.slice(0, 100)).toEqual(expected);
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThan(7);
});

test('a cursor is of use to nobody else, for nothing else, and not for ever', async () => {
  const app = await startTwoTenants();
  const args = { query: 'nurse', limit: 2 };
  const sibling = await app.mint(app.acme);
  const first = await callTool(app.url, app.acme.defaultKey, 'search_agents', args);
  const cursor: string = first.body.result.structuredContent.next_cursor;
  expect(cursor).not.toContain('nurse');

  const again = (key: string, tool: string, more: object) =>
    callTool(app.url, key, tool, { cursor, ...more });
  const refusals = [
    await again(app.bolt.defaultKey, 'search_agents', args),
    await again(sibling.plaintext, 'search_agents', args),
    await again(app.acme.defaultKey, 'search_agents', { ...args, query: 'teacher' }),
    await again(app.acme.defaultKey, 'search_agents', { ...args, limit: 3 }),
    await again(app.acme.defaultKey, 'list_studies', { limit: 2 }),
    await callTool(app.url, app.acme.defaultKey, 'search_agents', { ...args, cursor: 'garbage' }),
    await callTool(app.url, app.acme.defaultKey, 'search_agents', {
      ...args,
      cursor: `${cursor.slice(0, -4)}AAAA`,
    }),
  ];
  for (const refusal of refusals) expect(codeOf(refusal)).toEqual([200, 'INVALID_CURSOR', -32602]);
  const texts = refusals.map(({ text, body }) => text.replace(body.error.data.request_id, ''));
  expect(new Set(texts).size).toBe(1);

  expect((await again(app.acme.defaultKey, 'search_agents', args)).body.result.isError).toBeUndefined();
  app.advance(DAY_MS);
  expect(codeOf(await again(app.acme.defaultKey, 'search_agents', args))).toEqual([
    200,
    'INVALID_CURSOR',
    -32602,
  ]);
  const onRest = await requestJson(`${app.url}/v1/studies?cursor=x`, { key: app.acme.defaultKey });
  expect([onRest.status, onRest.body.error.code]).toEqual([400, 'INVALID_CURSOR']);
});

test('no score, rank or count of others leaves the server', async () => {
  const app = await startTwoTenants();
  const { body } = await callTool(app.url, app.acme.defaultKey, 'search_agents', { query: 'nurse' });
  const [agent] = body.result.structuredContent.agents;
  expect(Object.keys(body.result.structuredContent)).toEqual(['agents', 'next_cursor']);
  expect(Object.keys(agent).sort()).toEqual(
    ['age', 'agent_id', 'biography', 'city', 'country', 'gender', 'name', 'occupation', 'tags'].sort(),
  );
});
