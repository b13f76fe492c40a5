import { describe, expect, test } from 'vitest';
import { askAs, doors, mcp, start } from '../../support/changing-calls.ts';
import type { ChangingTool } from '../../support/changing-tools.ts';
import { requestJson } from '../../support/http.ts';

describe.each(Object.entries(doors))('%s', (_door, { call, fastLane }) => {
  const begin = () => start({ config: { server: { fastLane } } });

  test('a second change in one call is refused before it writes, and the trail says both', async () => {
    const seen = await askAs(await begin(), call, 'mint_twice', 'twice');
    expect(seen.code).toBe('INTERNAL');
    expect(seen.keys).toHaveLength(1);
    expect(seen.told).toEqual([
      ['call', null, seen.keys[0]],
      ['failure', 'INTERNAL', undefined],
    ]);
    expect(new Set(seen.rows.map(({ requestId }) => requestId)).size).toBe(1);
    expect(seen.log).toContain('mint_twice: a second change in one call was refused');
  });

  test.each([
    ['mint_and_refuse', 'FORBIDDEN'],
    ['mint_and_break', 'INTERNAL'],
    ['mint_and_answer_wrong', 'INTERNAL'],
  ] as const)('what %s changed stays told, beside its failure', async (tool: ChangingTool, code) => {
    const seen = await askAs(await begin(), call, tool, 'late');
    expect([seen.code, seen.keys.length]).toEqual([code, 1]);
    expect(seen.told).toEqual([
      ['call', null, seen.keys[0]],
      ['failure', code, undefined],
    ]);
    expect(seen.rows[0]?.status).toBe(200);
  });

  test('who hides the refusal of a second change has made one; a refused change is none', async () => {
    const app = await begin();
    for (const tool of ['mint_and_go_on', 'mint_after_refusal'] as const) {
      const seen = await askAs(app, call, tool, tool);
      expect([seen.done, seen.keys.length]).toEqual([true, 1]);
      expect(seen.told).toEqual([['call', null, seen.keys[0]]]);
    }
  });

  test('a change that nobody waits for stands in the one row of its call, or is not made', async () => {
    const app = await begin();
    for (const name of ['once', 'again', 'a third time']) {
      const seen = await askAs(app, call, 'mint_and_forget', name);
      expect([seen.code, seen.done]).toEqual([undefined, true]);
      expect(seen.told.at(-1)).toEqual(['call', null, seen.keys[0]]);
      expect(new Set(seen.rows.map(({ requestId }) => requestId)).size).toBe(seen.rows.length);
    }
  });

  test('a call that changes nothing leaves one row, which says how it ended', async () => {
    const seen = await askAs(await begin(), call, 'refuse_and_mint_nothing', 'none');
    expect([seen.code, seen.keys]).toEqual(['FORBIDDEN', []]);
    expect(seen.told).toEqual([['call', 'FORBIDDEN', undefined]]);
  });

  test('of two changes at once one is made at most, and the trail says which', async () => {
    const seen = await askAs(await begin(), call, 'mint_both', 'both');
    expect(seen.code).toBe('INTERNAL');
    expect(seen.keys.length).toBeLessThan(2);
    const told = [...seen.keys.map((id) => ['call', null, id]), ['INTERNAL']];
    expect(seen.told.map((row, index) => (index === told.length - 1 ? [row[1]] : row))).toEqual(told);
  });
});

test('a failure that follows a change is counted once, as what the caller was told', async () => {
  const app = await start({ env: { METRICS_TOKEN: 'm'.repeat(32) } });
  await askAs(app, doors.REST?.call ?? mcp, 'mint_and_refuse', 'late');
  const { text } = await requestJson(`${app.url}/metrics`, { key: 'm'.repeat(32) });
  const lines = text.split('\n').filter((line) => /^tenantry_requests_total.*mint_and_refuse/.test(line));
  expect(lines).toEqual([expect.stringMatching(/status="403",code="FORBIDDEN"[^}]*\} 1$/)]);
});
