import { setImmediate, setTimeout } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { z } from 'zod';
import { createInFlight } from '../../../src/limits/in-flight.ts';
import { watchLoopDelay } from '../../../src/limits/loop-delay.ts';
import { defineTool } from '../../../src/tool/public.ts';
import { tools } from '../../../tools/index.ts';
import { requestJson } from '../../support/http.ts';
import { bearer, protocols, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const token = 'a-token-for-metrics-of-more-than-32-bytes';

/** A tool that lets nothing else happen for 300 ms, as a search without an index would. */
const block = defineTool({
  name: 'block',
  title: 'Block',
  description: 'Keeps the process busy.',
  scope: 'any',
  effect: 'reads',
  rest: 'GET /v1/block',
  input: z.strictObject({ ms: z.int().default(300) }),
  output: z.object({}),
  async handle({ ms }) {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs);
    return {};
  },
});

const startWith = (maxEventLoopDelayMs: number) =>
  startTwoTenants({
    seed: false,
    env: { METRICS_TOKEN: token },
    config: { limits: { maxEventLoopDelayMs } },
    tools: [...tools, block],
  });

type App = Awaited<ReturnType<typeof startWith>>;

const blocked = (app: App, ms: number) =>
  requestJson(`${app.url}/v1/block?ms=${ms}`, { key: app.acme.defaultKey });

const asked = (app: App) => rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)]);

/** Turns of the loop that are late, one after the other, until the process says that it is behind. */
async function fallBehind(app: App, turns = 8) {
  for (let turn = 0; turn < turns; turn += 1) {
    const { status } = await blocked(app, 300);
    if (status === 503) return;
    // The timer that finds it late has its turn.
    await setTimeout(1);
  }
  throw new Error('it never was behind');
}

test('a process that is late again and again sheds requests unseen, answers its probes, and takes up requests by itself', async () => {
  const app = await startWith(200);
  await fallBehind(app);
  const before = (await app.audit(1))[0]?.seq ?? 0;
  for (const protocol of protocols) {
    for (const headers of [[bearer(app.bolt.defaultKey)], [bearer('x')], []]) {
      const refused = await rawSearch(app.port, protocol, headers);
      expectRefusal(refused, 503, 'OVERLOADED', protocol);
      expect(refused.headers.get('retry-after')).toBe('1');
    }
  }
  for (const probe of ['/healthz', '/readyz', '/metrics']) {
    expect((await requestJson(app.url + probe, { key: token })).status, probe).toBe(200);
  }
  const rows = (await app.audit(6)).filter(({ seq }) => seq > before);
  expect(rows.map(({ errorCode }) => errorCode)).toEqual(Array(6).fill('OVERLOADED'));
  await expect.poll(async () => (await asked(app)).status).toBe(200);
});

test.each([700, 2000])(
  'a single pause of %i ms sheds nobody, neither what waited nor what comes next',
  async (ms) => {
    const app = await startWith(500);
    const waiting = Array.from({ length: 10 }, () => asked(app));
    const pause = blocked(app, ms);
    for (const answer of [await pause, ...(await Promise.all(waiting))]) expect(answer.status).toBe(200);
    await setTimeout(20);
    expect((await asked(app)).status).toBe(200);
  },
);

test('what kept the process busy while it started sheds nobody', async () => {
  const app = await startWith(200);
  await fallBehind(app);
  app.app.started();
  expect((await asked(app)).status).toBe(200);
});

test('waits within the limit shed nothing, and neither do any where none is set', async () => {
  for (const most of [10_000, 0]) {
    const app = await startWith(most);
    await expect(fallBehind(app, 4)).rejects.toThrow('never');
    expect((await asked(app)).status).toBe(200);
  }
});

test('a watch that was stopped looks at the clock no longer', async () => {
  let looks = 0;
  const loop = watchLoopDelay(200, () => {
    looks += 1;
    return performance.now();
  });
  await expect.poll(() => looks).toBeGreaterThan(2);
  loop.stop();
  const before = looks;
  await setTimeout(150);
  expect(looks).toBe(before);
});

/** What a watch says whose loop takes so many milliseconds for each turn, on a clock of its own. */
function behindAfter(turnsMs: readonly number[], mostMs = 500): boolean[] {
  let nowMs = 0;
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  onTestFinished(() => void vi.useRealTimers());
  const loop = watchLoopDelay(mostMs, () => nowMs);
  return turnsMs.map((ms) => {
    nowMs += ms;
    vi.advanceTimersByTime(50);
    return loop.isBehind;
  });
}

test.each([
  ['in time', Array(30).fill(50), false],
  ['one pause of two seconds', [50, 2000, ...Array(30).fill(50)], false],
  ['a pause, and what waited for its end', [50, 2000, 900, ...Array(30).fill(50)], false],
  ['pauses that are seconds apart', [600, ...Array(20).fill(50), 600, ...Array(20).fill(50), 600], false],
  ['late turns, one after the other', [600, 600], true],
  ['late turns with a short one between', [600, 50, 600, 50, 600, 50], true],
  ['turns that grow', [50, 250, 1250, 6250], true],
  ['turns that are just not late', Array(30).fill(540), false],
])('%s', (_, turnsMs, isBehind) => {
  expect(behindAfter(turnsMs).includes(true)).toBe(isBehind);
});

test('half a second without a late turn is enough to keep up again', () => {
  const seen = behindAfter([700, 700, ...Array(11).fill(50)]);
  expect(seen.slice(1, 11)).toEqual(Array(10).fill(true));
  expect(seen.slice(11)).toEqual([false, false]);
});

test('who was behind is behind at the next late turn, for ten seconds', () => {
  const inTime = (ms: number) => Array(ms / 50).fill(50);
  const overloaded = [700, 700, ...inTime(500)];
  expect(behindAfter([...overloaded, ...inTime(5000), 700]).at(-1)).toBe(true);
  expect(behindAfter([...overloaded, ...inTime(10_000), 700]).at(-1)).toBe(false);
});

test('a crowd that arrives at once is worked off in portions, and those beyond a late turn are refused once it is behind', async () => {
  const loop = { isBehind: false, isLate: true };
  const inFlight = createInFlight(1000, loop);
  const turns = Array.from({ length: 150 }, () => inFlight.turn());
  expect(turns.filter((turn) => turn === undefined)).toHaveLength(100);
  await setImmediate();
  expect(inFlight.turn()).toBeUndefined();
  loop.isBehind = true;
  loop.isLate = false;
  const refused = await Promise.allSettled(turns.filter((turn) => turn !== undefined));
  for (const each of refused) expect(each).toMatchObject({ reason: { code: 'OVERLOADED' } });
});
