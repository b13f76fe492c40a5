import { request } from 'undici';
import { expect, test } from 'vitest';
import { callTool } from '../support/http.ts';
import { goodPathValues } from '../support/path-values.ts';
import { rawHttp } from '../support/raw-http.ts';
import { refusalIn } from '../support/refusal.ts';
import { staysInPlace, wrongArrival } from './next-hop/arrival.ts';
import { type BehindHop, type Outcome, startBehindHop } from './next-hop/behind-hop.ts';
import { startNginx, whyNoNginx } from './next-hop/nginx.ts';
import { goodText, hostileText } from './next-hop/path-texts.ts';
import { startPlatform } from './next-hop/platform.ts';
import {
  type Asked,
  builtInQuestions,
  documentQuestions,
  isExternalId,
  LONGEST_BUILT_IN,
  organizationQuestions,
  pairQuestion,
  treeQuestion,
} from './next-hop/questions.ts';
import { trials } from './support/depth.ts';
import { notMeasured, prove } from './support/proof.ts';
import { createRandom, type Random } from './support/random.ts';

const why = whyNoNginx();
const ENOUGH_FAILURES = 50;
const AT_ONCE = 32;
/** The platform's own words are kept back, so this is what a refusal of nginx looks like. */
const REFUSED_BEHIND_US = 'The platform refused the arguments.';

type Platform = Awaited<ReturnType<typeof startPlatform>>;
type Verdict = 'arrived' | 'refused' | 'refused by the hop' | { readonly wrong: string };

async function startHops() {
  const platform = await startPlatform();
  const hops = await startNginx(platform.port);
  return { platform, hops };
}

/** The value for one of the operations that take it over any surface. */
function ask(value: string, random: Random): Asked {
  const isShort = value.length <= LONGEST_BUILT_IN && value !== '';
  const questions = [...documentQuestions, treeQuestion];
  return random.pick(isShort ? [...questions, ...builtInQuestions] : questions)(value);
}

/** The same, or the value in two places side by side, or as the platform's id of the organisation. */
function askAnywhere(value: string, random: Random): Asked {
  if (random.whole(10) > 1) return ask(value, random);
  return random.pick(isExternalId(value) ? organizationQuestions : [pairQuestion])(value);
}

function check(asked: Asked, { refusal, intents, requestId }: Outcome, platform: Platform): Verdict {
  const sighting = platform.take(requestId);
  const what = `${asked.tool} ${JSON.stringify(asked.args)}`;
  if (sighting !== undefined && refusal === undefined) {
    const wrong = wrongArrival(sighting, asked.expected);
    return wrong === undefined ? 'arrived' : { wrong: `${what}: ${wrong}` };
  }
  if (sighting !== undefined)
    return { wrong: `${what}: ${refusal?.code}, though it came as ${sighting.target}` };
  if (refusal?.message === REFUSED_BEHIND_US) return 'refused by the hop';
  if (refusal?.code !== 'VALIDATION_ERROR') return { wrong: `${what}: ${refusal?.code ?? 'it never came'}` };
  return intents === 0 ? 'refused' : { wrong: `${what}: refused, but announced as a write` };
}

/** Puts a value after the other, some at once, to `apps` in turn; tells how many had each verdict. */
async function tryValues(
  count: number,
  next: (index: number) => { readonly asked: Asked; readonly app: BehindHop },
  judgeOne: (asked: Asked, outcome: Outcome) => Verdict,
) {
  const counts = { arrived: 0, refused: 0, 'refused by the hop': 0 };
  const failures: string[] = [];
  let tried = 0;
  const work = async () => {
    while (tried < count && failures.length < ENOUGH_FAILURES) {
      const { asked, app } = next(tried);
      tried += 1;
      const verdict = judgeOne(asked, await app.ask(asked));
      if (typeof verdict === 'object') failures.push(verdict.wrong);
      else counts[verdict] += 1;
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  return { tried, counts, failures };
}

/** A good value also where slashes are allowed, with some, and as an organisation. */
function askGood(value: string, random: Random): Asked {
  const where = random.whole(10);
  if (where === 0 && value.length < 100) return treeQuestion(['a b', value, 'ü.ts'].join('/'));
  if (where === 1 && isExternalId(value)) return random.pick(organizationQuestions)(value);
  return ask(value, random);
}

const onlyArrived = (verdict: Verdict, asked: Asked): Verdict =>
  verdict === 'refused' || verdict === 'refused by the hop'
    ? { wrong: `${asked.tool} ${JSON.stringify(asked.args)} was ${verdict}` }
    : verdict;

test('no value of a caller leaves its segment behind a proxy that decodes', async (context) => {
  const id = 'next-hop.values';
  const property =
    'A value in a path is refused, with nothing sent, or arrives as it is, in its segment, behind a real nginx';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const { platform, hops } = await startHops();
  const random = createRandom(Date.now());
  // What it is about: this hop makes another organisation's document of what is not held.
  await request(`${hops.decodes}/api/orgs/acme/docs/..%2F..%2Fbolt%2Fdocs%2F7`, {
    headers: { 'x-request-id': 'control' },
  }).then(({ body }) => body.dump());
  expect(platform.take('control')?.target).toBe('/api/orgs/bolt/docs/7');
  const apps = [await startBehindHop(hops.decodes), await startBehindHop(hops.plain)];
  const { tried, counts, failures } = await tryValues(
    trials({ planted: 3000, ci: 4000, full: 100_000 }),
    () => ({ asked: askAnywhere(hostileText(random), random), app: random.pick(apps) }),
    (asked, outcome) => {
      const verdict = check(asked, outcome, platform);
      return verdict === 'refused by the hop' ? onlyArrived(verdict, asked) : verdict;
    },
  );
  const stray = platform.left().map(({ method, target }) => `nobody asked for ${method} ${target}`);
  const bolt = platform.documentsOf('bolt').sort().join();
  prove(context, {
    ...{ id, property, trials: tried, unit: 'values' },
    failures: [...failures, ...stray, ...(bolt === '7,8' ? [] : [`Bolt has the documents ${bolt}`])],
    measured: { arrived: counts.arrived, refused: counts.refused, seed: random.seed },
    note: 'proxy_pass with a URI, which decodes and merges, and without; read as segments, as a URL, and without ";…"',
  });
  expect(Math.min(counts.arrived, counts.refused)).toBeGreaterThan(tried / 10);
});

test('a good value is never refused, and arrives as it is', async (context) => {
  const id = 'next-hop.good-values';
  const property =
    'Ordinary values of every language, with percent signs, blanks and dots, arrive in any path';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const { platform, hops } = await startHops();
  const random = createRandom(Date.now());
  const apps = [await startBehindHop(hops.decodes), await startBehindHop(hops.plain)];
  const { tried, failures } = await tryValues(
    trials({ planted: 1000, ci: 1500, full: 20_000 }),
    (index) => ({
      asked: askGood(goodPathValues[index] ?? goodText(random), random),
      app: random.pick(apps),
    }),
    (asked, outcome) => onlyArrived(check(asked, outcome, platform), asked),
  );
  prove(context, {
    ...{ id, property, trials: tried, unit: 'values', failures },
    measured: { listed: goodPathValues.length, seed: random.seed },
  });
});

/** What a proxy that decodes without encoding again cannot carry, from any sender. */
const isMangled = (text: string): boolean => /[?# ]|%(?:25)*(?:3f|23|20)/i.test(text);

test('two more hops that decode and do not encode again make no other path of it either', async (context) => {
  const id = 'next-hop.decoded-again';
  const property =
    'The path stays what it is where three proxies in a row decode, two of them without encoding again';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const { platform, hops } = await startHops();
  const random = createRandom(Date.now());
  const app = await startBehindHop(hops.careless);
  const { tried, counts, failures } = await tryValues(
    trials({ planted: 3000, ci: 2000, full: 40_000 }),
    () => {
      let value = hostileText(random);
      while (isMangled(value)) value = hostileText(random);
      return { asked: askAnywhere(value, random), app };
    },
    (asked, outcome) => {
      const sighting = platform.take(outcome.requestId);
      if (sighting === undefined) return check(asked, outcome, platform);
      const [path = ''] = sighting.target.split('?');
      const readings = [
        path,
        new URL(path, 'http://platform.invalid').pathname,
        path.replaceAll(/;[^/]*/g, ''),
      ];
      if (readings.every((reading) => staysInPlace(reading, asked.expected))) return 'arrived';
      return { wrong: `${asked.tool} ${JSON.stringify(asked.args)} came as ${sighting.target}` };
    },
  );
  prove(context, {
    ...{ id, property, trials: tried, unit: 'values', failures },
    measured: { ...counts, seed: random.seed },
    note: 'nginx with proxy_pass http://app$uri; "?", "#" and blanks break such a hop for everybody and are left out',
  });
  expect(counts.arrived).toBeGreaterThan(tried / 20);
});

test('over MCP and REST it is the same, also for a key of one workspace', async (context) => {
  const id = 'next-hop.front-door';
  const property =
    'Over MCP and REST alike a value is refused or arrives as it is, and a key of one workspace stays there';
  if (why !== undefined) return notMeasured(context, { id, property, why });
  const { platform, hops } = await startHops();
  const random = createRandom(Date.now());
  const app = await startBehindHop(hops.decodes);
  const count = trials({ planted: 300, ci: 300, full: 5000 });
  const failures: string[] = [];
  const counts = { mcp: 0, rest: 0, arrived: 0, refused: 0 };
  for (let tried = 0; tried < count; tried += 1) {
    const asked = ask(random.whole(4) === 0 ? goodText(random) : hostileText(random), random);
    const surface = asked.rest === undefined || random.whole(2) === 0 ? 'mcp' : 'rest';
    const key = asked.expected.segments[1] === 'workspaces' ? app.keyOfWorkspace : app.acme.defaultKey;
    const answer =
      surface === 'mcp'
        ? await callTool(app.url, key, asked.tool, asked.args)
        : await askRest(app, key, asked);
    const sighting = platform.take(answer.headers.get('x-request-id') ?? '');
    counts[surface] += 1;
    const code: unknown = refusalIn(answer)?.code;
    if (sighting !== undefined) {
      const wrong = wrongArrival(sighting, asked.expected);
      counts.arrived += 1;
      if (wrong !== undefined || code !== undefined)
        failures.push(`${surface} ${JSON.stringify(asked)}: ${wrong ?? code}`);
    } else if (code === 'VALIDATION_ERROR' || (surface === 'rest' && code === 'NOT_FOUND'))
      counts.refused += 1;
    else failures.push(`${surface} ${JSON.stringify(asked)}: ${answer.status} ${answer.text.slice(0, 200)}`);
  }
  const rows = (await app.audit(count + 100)).filter(({ method }) => method === 'intent');
  if (rows.length > counts.arrived) failures.push(`${rows.length} writes were announced`);
  prove(context, {
    ...{ id, property, trials: count, unit: 'calls', failures },
    measured: { ...counts, seed: random.seed },
  });
});

const methods: Readonly<Record<string, string>> = { p_delete_doc: 'DELETE', p_put_doc: 'PUT' };

/** As it is written, where a client for HTTP would resolve `%2e%2e` by itself. */
function askRest(app: BehindHop, key: string, { tool, rest, args }: Asked) {
  const method = methods[tool] ?? 'GET';
  const body = method === 'PUT' ? { body: JSON.stringify(args.body) } : {};
  const headers: (readonly [string, string])[] = [['Authorization', `Bearer ${key}`]];
  if (method === 'PUT') headers.push(['Content-Type', 'application/json']);
  return rawHttp(app.port, { method, target: rest ?? '', headers, ...body });
}
