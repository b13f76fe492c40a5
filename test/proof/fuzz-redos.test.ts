import { test } from 'vitest';
import { createSearchWords } from '../../db/platform/data/search-words.ts';
import { nobody } from '../../src/attribution.ts';
import { createAuditSanitizer } from '../../src/audit/audit-sanitizer.ts';
import { namesOrganization } from '../../src/downstream/organization/organization-name.ts';
import { requireOwnReply } from '../../src/downstream/reply/require-own-reply.ts';
import { AppError } from '../../src/errors.ts';
import { addressSet, clientAddress } from '../../src/identity/client-address.ts';
import { namedOrganizations } from '../../src/identity/organization-signals.ts';
import { presentsCredential, readCredential } from '../../src/identity/read-credential.ts';
import { restSurfaceOf, workspaceIn } from '../../src/identity/surface.ts';
import { parseOrganizationId } from '../../src/ids.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { createRedactor } from '../../src/log.ts';
import { builtInScopes, createCatalogue, defaultCatalogue } from '../../src/scopes/scopes.ts';
import { isKeyShaped, looksLikeKey } from '../../src/secrets/key-pattern.ts';
import { completedIds, readingCall } from '../../src/tool/call/resource-calls.ts';
import { createRegistry } from '../../src/tool/registry.ts';
import {
  originCheck,
  requireAllowedHost,
  requireAllowedOrigin,
} from '../../src/transport/http/host-check.ts';
import { createRouter } from '../../src/transport/http/router.ts';
import { readTarget } from '../../src/transport/http/target.ts';
import { parseStrictJson } from '../../src/transport/http/wire/read-body.ts';
import { completionIn } from '../../src/transport/mcp/completion.ts';
import { queryArguments } from '../../src/transport/rest/query-arguments.ts';
import { operatorTools, tools } from '../../tools/index.ts';
import { exampleOf } from '../support/schema-example.ts';
import { hostileJson, hostileTexts } from './fuzz/hostile-texts.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

type Check = readonly [name: string, check: (text: string) => unknown];

/** Beside other tests a processor is slower; what walks back and forth over a mebibyte needs seconds. */
const MOST_MS = depth === 'ci' ? 250 : 50;

/** What a head can hold; its parser refuses more. */
const HEAD_BYTES = 16_384;

const redact = createRedactor(['secret']);
const { kept, sanitizePath } = createAuditSanitizer(redact);
const format = createKeyFormat('tnt', { workspaceTokens: true });
const router = createRouter(tools, operatorTools, new Map());
const everyProxy = addressSet(['0.0.0.0/0', '::/0']);

/** Each place that checks the text of a head. */
const checksOfHeads: readonly Check[] = [
  ['credential', (text) => readCredential(['Authorization', text])],
  ['bearer', (text) => readCredential(['Authorization', `Bearer ${text}`])],
  ['key header', (text) => readCredential(['X-API-Key', text])],
  ['presence of a credential', (text) => presentsCredential(['Authorization', text])],
  ['host', (text) => requireAllowedHost(['Host', text], new Set())],
  ['origin', (text) => requireAllowedOrigin(['Origin', text], originCheck([], true))],
  [
    'organisation',
    (text) => namedOrganizations({ rawHeaders: ['x', text], headerName: 'x', urlSegment: text }, nobody),
  ],
  ['forwarded address', (text) => clientAddress('127.0.0.1', ['X-Forwarded-For', text], everyProxy)],
  ['target', (text) => readTarget(`/v1/agents/search?query=${text}`)],
  ['path', (text) => router.match('GET', `/v1/agents/${text}`)],
  ['surface', (text) => [restSurfaceOf(`/${text}`), workspaceIn(`/workspaces/${text}/x`)]],
  ['query', (text) => queryArguments(new URLSearchParams(`limit=${text}&x=${text}`), { type: 'object' })],
  ['audit path', (text) => sanitizePath(`/${text}`)],
];

const registry = createRegistry(tools);
const hundredStudies = Array.from({ length: 100 }, (_, index) => ({
  study_id: `std_${index}`,
  name: `n${index}`,
}));

/** As the gate and then the SDK do it, over as many rows as there can be. */
function completeStudies(value: string): unknown {
  const uri = 'study://{study_id}';
  const asked = completionIn({ ref: { type: 'ref/resource', uri }, argument: { name: 'study_id', value } });
  return completedIds(asked, { studies: hundredStudies }, registry);
}

const terms = { replyField: 'organization_id', requireOrganizationInReply: false };

/** No caller writes it, and each look is linear: as much of it as a platform might send in one text. */
const REPLY_BYTES = 131_072;

/** The text of a reply that is worth to look into, before the name of the field and after it. */
function judgeReply(long: string): void {
  const text = long.slice(0, REPLY_BYTES);
  for (const said of [
    `${text} organization_id: mine`,
    `{"organization_id": ${text}`,
    `organization_id,name\n${text}`,
    `organization_id: ['mine', ${text}`,
  ]) {
    try {
      requireOwnReply(said, 'mine', terms);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }
}

const catalogue = createCatalogue([...defaultCatalogue, ...builtInScopes]);

/** Each place that checks the text of a body, or writes it down. */
const checksOfTexts: readonly Check[] = [
  ['organisation id', parseOrganizationId],
  [
    'key',
    (text) => [format.parse(text), format.isWorkspaceToken(text), isKeyShaped(text), looksLikeKey(text)],
  ],
  ['redaction', redact],
  ['audit text', kept],
  ['name of an argument', namesOrganization],
  ['text of a reply', judgeReply],
  ['scope', (text) => catalogue.unknown([text])],
  ['search words', createSearchWords()],
  ['completion', completeStudies],
  ['URI', (text) => [readingCall(text, registry), readingCall(`study://${text}`, registry)]],
];

test('no text keeps a validator busy', (context) => {
  const failures: string[] = [];
  let tried = 0;
  let slowestMs = 0;
  const check = ([name, run]: Check, texts: readonly string[]) => {
    for (const text of texts) {
      const ms = leastCpuMs(() => run(text));
      tried += 1;
      slowestMs = Math.max(slowestMs, ms);
      if (ms >= MOST_MS)
        failures.push(`${name}: ${Math.round(ms)} ms for ${JSON.stringify(text.slice(0, 40))}…`);
    }
  };
  const size = trials({ planted: 100_000, ci: 1024 * 1024, full: 1024 * 1024 });
  for (const each of checksOfHeads) check(each, hostileTexts(HEAD_BYTES));
  for (const each of checksOfTexts) check(each, hostileTexts(size));
  check(['body', (text) => parseStrictJson(Buffer.from(text), 'INVALID_REQUEST')], hostileJson);
  for (const each of checksOfArguments()) check(each, hostileTexts(size));
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

/** One for each declared form of a text: where two arguments have the same schema, they are checked by the same code. */
function checksOfArguments(): Check[] {
  const checks = new Map<string, Check>();
  for (const { name, inputJsonSchema: schema, parseInput } of [...tools, ...operatorTools]) {
    const example = Object(exampleOf(schema, schema));
    for (const [property, declared] of Object.entries(Object(schema.properties))) {
      const { description: _, ...form } = Object(declared);
      const given = (text: string) => (form.type === 'array' ? [text] : text);
      checks.set(JSON.stringify(form), [
        `${name}.${property}`,
        (text) => parseInput({ ...example, [property]: given(text) }),
      ]);
    }
    checks.set('a name that is not declared', [name, (text) => parseInput({ ...example, [text]: 1 })]);
  }
  const mint = tools.find(({ name }) => name === 'mint_key');
  checks.set('addresses', ['address', (text) => mint?.parseInput({ restrictions: { addresses: [text] } })]);
  return [...checks.values()];
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
