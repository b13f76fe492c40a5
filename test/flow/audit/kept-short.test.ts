import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createAuditSanitizer } from '../../../src/audit/audit-sanitizer.ts';
import { cutText, keptChange } from '../../../src/audit/cut.ts';
import { operatorRow } from '../../../src/audit/operator-row.ts';
import { createRedactor } from '../../../src/log.ts';
import { requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const pile = '\u{1f4a9}';
const family = '\u{1f468}‍\u{1f469}‍\u{1f467}';
const marked = 'e\u0301\u0323';

test.each([
  ['letters', 'x'.repeat(300), 'x'.repeat(200)],
  ['letters that fit', 'x'.repeat(200), 'x'.repeat(200)],
  ['pairs of surrogates', pile.repeat(300), pile.repeat(200)],
  ['pairs that fit', pile.repeat(200), pile.repeat(200)],
  ['a pair at the cut', `${'x'.repeat(199)}${pile}y`, `${'x'.repeat(199)}${pile}`],
  ['a family at the cut', `${'x'.repeat(197)}${family}`, 'x'.repeat(197)],
  ['a family before the cut', `${'x'.repeat(195)}${family}y`, `${'x'.repeat(195)}${family}`],
  ['marks at the cut', `${'x'.repeat(198)}${marked}`, 'x'.repeat(198)],
  ['nothing but marks', `e${'\u0301'.repeat(1000)}`, `e${'\u0301'.repeat(199)}`],
  ['half a pair', '\ud83d'.repeat(300), '\ud83d'.repeat(200)],
])('a text is cut at 200 characters and never through one: %s', (_what, text, expected) => {
  expect(cutText(text, 200)).toBe(expected);
});

test('a text is cleaned before it is cut, so that no half of a key is left', () => {
  const key = 'tnt_Zz09Aa1b_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg24y3Um';
  const { kept } = createAuditSanitizer(createRedactor(['s'.repeat(64)]));
  expect(kept(`${'x'.repeat(190)} ${key}`)).toBe(`${'x'.repeat(190)} [key]`);
  for (const [secret, word] of [
    [key, '[key]'],
    ['s'.repeat(64), '[secret]'],
  ] as const) {
    const text = kept(` ${secret}`.repeat(10_000));
    expect(text.replaceAll(` ${word}`, '')).toBe(` ${word}`.slice(0, text.length % (word.length + 1)));
  }
});

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('a change of up to 2 KB is kept whole, and a longer one is cut, with its length and hash', () => {
  const fits = { text: 'x'.repeat(2048 - '{"text":""}'.length) };
  expect(keptChange(fits)).toBe(JSON.stringify(fits));
  for (const long of [
    `${fits.text}x`,
    'x'.repeat(3_000_000),
    '"'.repeat(3000),
    pile.repeat(1000),
    '\ud83d'.repeat(800),
  ]) {
    const change = { updated: 'key_A', long, break_glass_reason: 'why' };
    const kept = keptChange(change);
    expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(2048);
    expect(Buffer.byteLength(kept)).toBeGreaterThan(2030);
    const { cut, ...rest } = JSON.parse(kept);
    const whole = JSON.stringify(change);
    const bytes = Buffer.byteLength(whole);
    expect(rest).toEqual({ updated: 'key_A', break_glass_reason: 'why', bytes, sha256: sha256(whole) });
    expect([whole.startsWith(cut), cut.isWellFormed()]).toEqual([true, true]);
  }
});

test('of many short members as many stay as there is room for', () => {
  const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`name${index}`, index]));
  const kept = JSON.parse(keptChange(many));
  expect(kept).toMatchObject({ name0: 0, name1: 1, bytes: JSON.stringify(many).length });
  expect(kept.cut.length).toBeGreaterThan(200);
});

test('what a caller says of itself and of its change leaves a short row, as the operator does', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext: key } = await app.mint(app.acme, { scopes: ['key:read', 'key:write', 'audit:read'] });
  const long = '\xff'.repeat(5000);
  const name = pile.repeat(100_000);
  const clientInfo = { name, version: '1' };
  const body = { jsonrpc: '2.0', id: 1, method: 'initialize' };
  await requestJson(`${app.url}/mcp`, {
    key,
    headers: { accept: 'application/json, text/event-stream', 'x-on-behalf-of': long },
    body: { ...body, params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo } },
  });
  const [handshake] = await app.audit(1);
  expect(handshake).toMatchObject({ clientName: pile.repeat(200), onBehalfOf: long.slice(0, 200) });
  const headers = { 'user-agent': 'u'.repeat(5000), traceparent: 't'.repeat(5000) };
  await requestJson(`${app.url}/v1/whoami`, { key, headers });
  expect((await app.audit(1))[0]).toMatchObject({ clientName: 'u'.repeat(200), onBehalfOf: 't'.repeat(200) });
  await requestJson(`${app.url}/v1/agents/${'p'.repeat(5000)}`, { key });
  expect((await app.audit(1))[0]?.target).toHaveLength(200);

  const tools = Array.from({ length: 200 }, (_, index) => `${'t'.repeat(60)}${index}`);
  const { id } = await app.mint(app.acme);
  const changed = await requestJson(`${app.url}/v1/keys/${id}`, {
    method: 'PATCH',
    key,
    body: { restrictions: { tools } },
  });
  expect(changed.body.key.restrictions.tools).toEqual(tools);
  const [row] = await app.audit(1);
  expect(Buffer.byteLength(row?.change ?? '')).toBeLessThanOrEqual(2048);
  const { text, body: page } = await requestJson(`${app.url}/v1/audit?limit=1&tool=update_key`, { key });
  expect(page.events[0].change).toMatchObject({
    updated: id,
    sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(text.length).toBeLessThan(4096);

  const facts = { tier: 'cli', target: 'x', organizationId: null, nowMs: 0, change: { tools } } as const;
  expect(operatorRow(facts).change).toBe(keptChange({ tools }));
});
