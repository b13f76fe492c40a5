import { expect, test } from 'vitest';
import { readMarker, startMarkerPlatform } from '../support/marker-platform.ts';
import { startApp } from '../support/start-app.ts';
import { type Answer, type Ask, createAsk, type Voice } from './isolation/ask.ts';
import { findMarkers, newMarker, type Owners } from './isolation/markers.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';
import { createRandom } from './support/random.ts';

const ORGANIZATIONS = 50;
const CALLERS = 20;
const CALLS = trials({ planted: 2_000, ci: 20_000, full: 200_000 });
const ENOUGH_FAILURES = 100;
const CONNECTED_AT_ONCE = 100;
/** So often the platform answers for another organisation than it was asked for. */
const MISTAKEN_ONE_IN = 50;

/** Somebody who calls for one organisation again and again, each time with JSON-RPC id 1. */
type Caller = {
  readonly index: number;
  readonly marker: string;
  readonly key: string;
  readonly voice: Voice;
  readonly organizationHeader: string | null;
  readonly organizationUrl: string | null;
};

const mcpVoices: readonly Voice[] = ['2026', '2025', '2026 SDK', '2025 SDK'];

test('of a thousand callers at once, all with JSON-RPC id 1, each is given its own answer', async (context) => {
  const random = createRandom(Date.now() % 2 ** 32);
  const ids: string[] = [];
  const isMistaken = () => random.whole(MISTAKEN_ONE_IN) === 0;
  const { url, markers } = await startMarkerPlatform((id) => (isMistaken() ? random.pick(ids) : id));
  const { origin, callers, owners } = await startCallers(url, markers, ids);
  const failures: string[] = [];
  const counts = { own: 0, withheld: 0 };
  let next = 0;
  const asks = callers.map(() => createAsk(origin, 1));
  const call = async (caller: Caller, position: number, round: number) => {
    next += 1;
    const ask = asks[position] as Ask; // One for each caller.
    const wrong = checkAnswer(caller, round, await askMarker(ask, caller, round), owners, counts);
    if (wrong !== null) failures.push(wrong);
  };
  const started = performance.now();
  // A thousand connections in one instant are more than the kernel queues.
  for (let first = 0; first < callers.length; first += CONNECTED_AT_ONCE) {
    const group = callers.slice(first, first + CONNECTED_AT_ONCE);
    await Promise.all(group.map((caller, index) => call(caller, first + index, 0)));
  }
  const goOn = async (caller: Caller, position: number) => {
    // Callers of every organisation ask the same at the same time.
    for (let round = 1; next < CALLS && failures.length < ENOUGH_FAILURES; round += 1) {
      await call(caller, position, round);
    }
  };
  await Promise.all(callers.map(goOn));
  const seconds = (performance.now() - started) / 1000;
  prove(context, {
    id: 'isolation.callers',
    property: '50 organisations with 20 callers each, all with JSON-RPC id 1: each answer is its own',
    trials: next,
    unit: 'calls',
    failures,
    measured: {
      'own marker seen': counts.own,
      'answers for another organisation withheld': counts.withheld,
      'calls per second': Math.round(next / seconds),
      seed: random.seed,
    },
  });
  expect(counts.own).toBeGreaterThan(next * 0.9);
  expect(counts.withheld).toBeGreaterThan(0);
});

async function startCallers(url: string, markers: Map<string, string>, ids: string[]) {
  const app = await startApp({
    seed: false,
    tools: [readMarker],
    config: { downstream: { url }, limits: { maxConcurrentRequests: 5000 } },
  });
  const owners: Owners = new Map();
  const tenants = [];
  for (let index = 0; index < ORGANIZATIONS; index += 1) tenants.push(await app.provision(`Org ${index}`));
  const { plaintext: hostKey } = await app.mintHost(tenants);
  const callers = tenants.flatMap(({ id, defaultKey }, index) => {
    const marker = newMarker();
    markers.set(id, marker);
    owners.set(marker, index).set(id, index);
    ids.push(id);
    return Array.from({ length: CALLERS }, (_, nth): Caller => {
      const voice = mcpVoices[nth % mcpVoices.length] ?? '2026';
      const way = Math.floor(nth / mcpVoices.length) % 3;
      const common = { index, marker, voice };
      if (way === 0) return { ...common, key: defaultKey, organizationHeader: null, organizationUrl: null };
      const byHost = { ...common, key: hostKey, organizationHeader: null, organizationUrl: null };
      return way === 1 ? { ...byHost, organizationHeader: id } : { ...byHost, organizationUrl: id };
    });
  });
  return { origin: app.url, callers, owners };
}

const askMarker = (
  ask: Ask,
  { key, voice, organizationHeader, organizationUrl, marker }: Caller,
  call: number,
) =>
  ask({
    key,
    voice,
    tool: 'read_marker',
    args: { call: String(call) },
    organizationHeader,
    organizationUrl,
    onBehalfOf: marker,
  });

/** What is wrong with the answer; null for nothing. */
function checkAnswer(
  { index, voice, marker }: Caller,
  call: number,
  { text }: Answer,
  owners: Owners,
  counts: { own: number; withheld: number },
): string | null {
  const { foreign } = findMarkers(text, index, owners);
  const isOwn = text.includes(`"structuredContent":{"marker":"${marker}","call":"${call}"}`);
  const isWithheld = text.includes('TENANT_MISMATCH');
  if (isOwn) counts.own += 1;
  if (isWithheld) counts.withheld += 1;
  if (foreign.length === 0 && isOwn !== isWithheld && text.includes('"id":1')) return null;
  return `call ${call} of organisation ${index} (${voice}) was answered ${text}`;
}
