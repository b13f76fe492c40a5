import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { expect, type TestContext, test } from 'vitest';
import { parse } from 'yaml';
import { startProxy } from '../cli/proxy.ts';
import { startApp } from '../support/start-app.ts';
import { fixtureTools, sdkTool } from './conformance/fixture-tools.ts';
import { runSuite, type Scenario } from './conformance/run-suite.ts';
import { conformanceExtension } from './conformance/sdk-fixtures.ts';
import { prove } from './support/proof.ts';

/** Names of scenarios, each with the reason. */
type Reasons = Readonly<Record<string, string>>;
type Baseline = {
  readonly fixtures: Readonly<Record<'defineTool' | 'SDK extension', readonly string[]>>;
  readonly suites: Readonly<
    Record<
      string,
      {
        readonly scenarios: number;
        readonly scored: Reasons;
        readonly notScored: Reasons;
        readonly warned: Reasons;
      }
    >
  >;
};

const baseline = JSON.parse(
  readFileSync(join(import.meta.dirname, 'conformance/baseline.json'), 'utf8'),
) as Baseline;

const sdkTools = [...conformanceExtension.tools.keys()];

/** The product with the suite's fixtures, behind a proxy that adds a key, since the suite can send none. */
async function startFixtures(): Promise<string> {
  const target = { url: '', key: '' };
  const url = await startProxy(
    () => target.url,
    (headers) => ({ ...headers, 'x-api-key': target.key }),
  );
  const app = await startApp({
    tools: [...fixtureTools, ...sdkTools.map(sdkTool)],
    extension: conformanceExtension,
    // A page of the address that the suite speaks to is what its Origin says.
    config: { server: { allowedOrigins: [url] }, limits: { requestsPerMinutePerKey: 100_000 } },
  });
  const { defaultKey } = await app.provision('Conformance');
  Object.assign(target, { url: app.url, key: defaultKey });
  return `${url}/mcp`;
}

/** What a revision requires of servers, as the suite froze it. */
function requiredBy(revision: string): readonly string[] {
  const require = createRequire(import.meta.url);
  const suite = require.resolve('@modelcontextprotocol/conformance/package.json');
  const file = join(suite, `../requirements/${revision}.yaml`);
  return (parse(readFileSync(file, 'utf8')) as { server: readonly string[] }).server;
}

function check(
  context: TestContext,
  suite: string,
  scenarios: readonly Scenario[],
  scored: readonly string[],
): void {
  const known = baseline.suites[suite] ?? { scenarios: 0, scored: {}, notScored: {}, warned: {} };
  const failing = scenarios.filter(({ failed }) => failed.length > 0).map(({ name }) => name);
  const warning = scenarios
    .filter(({ failed, warned }) => failed.length === 0 && warned.length > 0)
    .map(({ name }) => name);
  const ran = scenarios.map(({ name }) => name);
  const passed = scored.filter((name) => ran.includes(name) && !failing.includes(name));
  const wordsOf = (name: string) => {
    const found = scenarios.find((each) => each.name === name);
    return [...(found?.failed ?? []), ...(found?.warned ?? [])].join('; ');
  };
  prove(context, {
    id: `conformance.${suite}`,
    property: `the official suite's scenarios of ${suite} pass, but for those that a stateless server cannot have`,
    trials: scenarios.length,
    unit: 'scenarios',
    noRate: true,
    failures: [
      ...differences(failing, { ...known.scored, ...known.notScored }, 'fails', wordsOf),
      ...differences(warning, known.warned, 'warns', wordsOf),
      ...scored.filter((name) => !ran.includes(name)).map((name) => `${name} did not run`),
      ...scenarios.filter(({ checks }) => checks === 0).map(({ name }) => `${name} checked nothing`),
      ...(scenarios.length === known.scenarios
        ? []
        : [`${scenarios.length} scenarios ran, not ${known.scenarios}`]),
    ],
    measured: {
      passed: `${passed.length} of ${scored.length} scored`,
      checks: scenarios.reduce((sum, { checks }) => sum + checks, 0),
    },
    note: `excepted: ${Object.keys(known.scored).join(', ') || 'none'}`,
  });
}

/** What ended so and is not excepted, and what is excepted and did not end so. */
function differences(
  ended: readonly string[],
  excepted: Reasons,
  how: string,
  wordsOf: (name: string) => string,
): string[] {
  const unexpected = ended.filter((name) => !Object.hasOwn(excepted, name));
  const stale = Object.keys(excepted).filter((name) => !ended.includes(name));
  return [
    ...unexpected.map((name) => `${name} ${how}: ${wordsOf(name)}`),
    ...stale.map((name) => `${name} no longer ${how}: the baseline is stale`),
  ];
}

test.for(['2026-07-28', '2025-11-25'])('what %s requires of a server passes', async (revision, context) => {
  const url = await startFixtures();
  const scenarios = await runSuite('0.2', url, ['--requirements', revision]);
  check(context, revision, scenarios, requiredBy(revision));
});

test('every scenario of the older suite passes', async (context) => {
  const scenarios = await runSuite('0.1', await startFixtures(), ['--suite', 'all']);
  check(
    context,
    '0.1.16',
    scenarios,
    scenarios.map(({ name }) => name),
  );
});

test('the baseline says which way each fixture goes', () => {
  expect(baseline.fixtures).toEqual({
    defineTool: fixtureTools.map(({ name }) => name),
    'SDK extension': [...sdkTools, 'prompts/*', 'resources/*', 'completion/complete', 'logging/setLevel'],
  });
});
