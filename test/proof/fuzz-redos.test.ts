import { test } from 'vitest';
import { createSearchWords } from '../../db/platform/search-words.ts';
import { createKeptTexts } from '../../src/audit/kept-texts.ts';
import { AppError } from '../../src/errors.ts';
import { addressSet, clientAddress } from '../../src/identity/client-address.ts';
import { presentsCredential, readCredential } from '../../src/identity/credential.ts';
import { namedOrganizations } from '../../src/identity/organization-signals.ts';
import { surfaceOf, workspaceIn } from '../../src/identity/surface.ts';
import { parseOrganizationId } from '../../src/ids.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { createRedactor } from '../../src/log.ts';
import { builtInScopes, createCatalogue, defaultCatalogue } from '../../src/scopes/scopes.ts';
import { isKeyShaped, looksLikeKey } from '../../src/token-shape.ts';
import { namesOrganization } from '../../src/tool/gate.ts';
import { createRegistry } from '../../src/tool/registry.ts';
import { completedIds, readingCall } from '../../src/tool/resource-calls.ts';
import { completionIn } from '../../src/transport/completion.ts';
import { requireAllowedHost, requireAllowedOrigin } from '../../src/transport/host-check.ts';
import { queryArguments } from '../../src/transport/query-arguments.ts';
import { parseJson } from '../../src/transport/read-body.ts';
import { createRouter } from '../../src/transport/router.ts';
import { readTarget } from '../../src/transport/target.ts';
import { operatorTools, tools } from '../../tools/index.ts';
import { exampleOf } from '../support/schema-example.ts';
import { hostileJson, hostileTexts } from './fuzz/hostile-texts.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

type Judge = readonly [name: string, judge: (text: string) => unknown];

/** Beside other tests a processor is slower; what walks back and forth over a mebibyte needs seconds. */
const MOST_MS = depth === 'ci' ? 250 : 50;

/** What a head can hold; its parser refuses more. */
const HEAD_BYTES = 16_384;

const redact = createRedactor(['secret']);
const { kept, keptPath } = createKeptTexts(redact);
const format = createKeyFormat('tnt', { workspaceTokens: true });
const router = createRouter(tools, operatorTools, {});
const everyProxy = addressSet(['0.0.0.0/0', '::/0']);

/** Each place where the text of a head is judged. */
const judgesOfHeads: readonly Judge[] = [
  ['credential', (text) => readCredential(['Authorization', text])],
  ['bearer', (text) => readCredential(['Authorization', `Bearer ${text}`])],
  ['key header', (text) => readCredential(['X-API-Key', text])],
  ['presence of a credential', (text) => presentsCredential(['Authorization', text])],
  ['host', (text) => requireAllowedHost(['Host', text], new Set())],
  ['origin', (text) => requireAllowedOrigin(['Origin', text], new Set())],
  [
    'organisation',
    (text) => namedOrganizations({ rawHeaders: ['x', text], headerName: 'x', urlSegment: text }),
  ],
  ['forwarded address', (text) => clientAddress('127.0.0.1', ['X-Forwarded-For', text], everyProxy)],
  ['target', (text) => readTarget(`/v1/agents/search?query=${text}`)],
  ['path', (text) => router.match('GET', `/v1/agents/${text}`)],
  ['surface', (text) => [surfaceOf(`/${text}`), workspaceIn(`/workspaces/${text}/x`)]],
  ['query', (text) => queryArguments(new URLSearchParams(`limit=${text}&x=${text}`), { type: 'object' })],
  ['audit path', (text) => keptPath(`/${text}`)],
];

const registry = createRegistry(tools);
const hundredStudies = Array.from({ length: 100 }, (_, place) => ({
  study_id: `std_${place}`,
  name: `n${place}`,
}));

/** As the gate and then the engine do it, over as many rows as there can be. */
function completeStudies(value: string): unknown {
  const uri = 'study://{study_id}';
  const asked = completionIn({ ref: { type: 'ref/resource', uri }, argument: { name: 'study_id', value } });
  return completedIds(asked, { studies: hundredStudies }, registry);
}

const catalogue = createCatalogue([...defaultCatalogue, ...builtInScopes]);

/** Each place where the text of a body is judged, or written down. */
const judgesOfTexts: readonly Judge[] = [
  ['organisation id', parseOrganizationId],
  [
    'key',
    (text) => [format.parse(text), format.isWorkspaceToken(text), isKeyShaped(text), looksLikeKey(text)],
  ],
  ['redaction', redact],
  ['audit text', kept],
  ['name of an argument', namesOrganization],
  ['scope', (text) => catalogue.unknown([text])],
  ['search words', createSearchWords()],
  ['completion', completeStudies],
  ['URI', (text) => [readingCall(text, registry), readingCall(`study://${text}`, registry)]],
];

test('no text keeps a validator busy', (context) => {
  const failures: string[] = [];
  let tried = 0;
  let slowestMs = 0;
  const judge = ([name, run]: Judge, texts: readonly string[]) => {
    for (const text of texts) {
      const ms = leastCpuMs(() => run(text));
      tried += 1;
      slowestMs = Math.max(slowestMs, ms);
      if (ms >= MOST_MS)
        failures.push(`${name}: ${Math.round(ms)} ms for ${JSON.stringify(text.slice(0, 40))}…`);
    }
  };
  const size = trials({ planted: 100_000, ci: 1024 * 1024, full: 1024 * 1024 });
  for (const each of judgesOfHeads) judge(each, hostileTexts(HEAD_BYTES));
  for (const each of judgesOfTexts) judge(each, hostileTexts(size));
  judge(['body', (text) => parseJson(Buffer.from(text), 'INVALID_REQUEST')], hostileJson);
  for (const each of judgesOfArguments()) judge(each, hostileTexts(size));
  prove(context, {
    id: 'fuzz.redos',
    property: 'No text of the largest size that is let in keeps a validator busy',
    trials: tried,
    unit: 'texts',
    failures,
    measured: { most_ms: MOST_MS, slowest_ms: Math.round(slowestMs * 10) / 10 },
    note: 'processor time, the least of up to three runs; 1 MiB in bodies, 16 KiB in heads',
  });
});

/** One for each declared form of a text: where two arguments have the same schema, they are judged by the same code. */
function judgesOfArguments(): Judge[] {
  const judges = new Map<string, Judge>();
  for (const { name, inputJsonSchema: schema, parseInput } of [...tools, ...operatorTools]) {
    const example = Object(exampleOf(schema, schema));
    for (const [property, declared] of Object.entries(Object(schema.properties))) {
      const { description: _, ...form } = Object(declared);
      const given = (text: string) => (form.type === 'array' ? [text] : text);
      judges.set(JSON.stringify(form), [
        `${name}.${property}`,
        (text) => parseInput({ ...example, [property]: given(text) }),
      ]);
    }
    judges.set('a name that is not declared', [name, (text) => parseInput({ ...example, [text]: 1 })]);
  }
  const mint = tools.find(({ name }) => name === 'mint_key');
  judges.set('addresses', ['address', (text) => mint?.parseInput({ restrictions: { addresses: [text] } })]);
  return [...judges.values()];
}

/** Processor time, not the clock's: what else the machine does is not to be blamed on a pattern. */
function leastCpuMs(run: () => unknown): number {
  let least = Number.POSITIVE_INFINITY;
  for (let round = 0; round < 3 && least >= MOST_MS / 2; round += 1) {
    const before = process.cpuUsage();
    refusable(run);
    const { user, system } = process.cpuUsage(before);
    least = Math.min(least, (user + system) / 1000);
  }
  return least;
}

/** A refusal is an answer; anything else that is thrown is a bug. */
function refusable(run: () => unknown): void {
  try {
    run();
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
  }
}
