import { test } from 'vitest';
import { type Ask, createAsk, type Voice } from './isolation/ask.ts';
import { type Cursors, collectCursors } from './isolation/cursors.ts';
import { drawPairOf, type Whose } from './isolation/draw.ts';
import { type Fixture, startFixture, type TestPrincipal } from './isolation/fixture.ts';
import { type Question, questions } from './isolation/questions.ts';
import { depth, trials } from './support/depth.ts';
import { prove } from './support/proof.ts';
import { createRandom, type Random } from './support/random.ts';

const EACH = trials({ planted: 20, ci: 150, full: 2_000 });
/** Where other tests load the machine, only a difference that anyone would notice counts. */
const MOST_MS = depth === 'full' ? 1 : 10;
const voices: readonly Voice[] = ['rest', '2026'];

const asked = questions.filter(
  ({ name }) =>
    /^(?:get_|revoke_key|rotate_key|create_study)/.test(name) ||
    /^(?:search_agents in|list_jobs cursor|whoami by header)/.test(name),
);

test('how long an answer takes does not tell a foreign id from an absent one', async (context) => {
  const fixture = await startFixture(3);
  const ask = createAsk(fixture.app.url, 1);
  const random = createRandom(Date.now() % 2 ** 32);
  const cursors = await collectCursors(fixture, ask);
  const principals = fixture.principals.filter(({ kind }) => kind === 'global');
  const failures: string[] = [];
  const differences: number[] = [];
  for (const question of asked) {
    for (const voice of voices) {
      const medians = await measure({ question, voice, principals }, { fixture, cursors, ask, random });
      const differenceMs = Math.abs(medians.foreign - medians.absent);
      differences.push(differenceMs);
      if (differenceMs >= MOST_MS || !medians.isAnswered) {
        failures.push(`${question.name} (${voice}): ${JSON.stringify(medians)}`);
      }
    }
  }
  prove(context, {
    id: 'isolation.timing',
    property: `the medians of a foreign and of an absent id are less than ${MOST_MS} ms apart`,
    trials: asked.length * voices.length * EACH,
    unit: 'pairs of answers',
    failures,
    measured: {
      'greatest difference of medians, µs': Math.round(Math.max(...differences) * 1000),
      'median difference, µs': Math.round(medianOf(differences) * 1000),
      'questions × protocols': differences.length,
      seed: random.seed,
    },
    note: 'on one connection, in turn; the bound of 1 ms holds the full depth, on a machine that does nothing else',
  });
});

type Asking = {
  readonly question: Question;
  readonly voice: Voice;
  readonly principals: readonly TestPrincipal[];
};
type Ground = {
  readonly fixture: Fixture;
  readonly cursors: Cursors;
  readonly ask: Ask;
  readonly random: Random;
};

/** Median times in milliseconds; which of the two comes first alternates. */
async function measure({ question, voice, principals }: Asking, { fixture, cursors, ask, random }: Ground) {
  const times = { foreign: [] as number[], absent: [] as number[] };
  const statuses = new Set<number>();
  for (let round = 0; round < EACH; round += 1) {
    const order: readonly Exclude<Whose, 'own'>[] =
      round % 2 === 0 ? ['foreign', 'absent'] : ['absent', 'foreign'];
    for (const whose of order) {
      const drawn = { principal: random.pick(principals), question, voice, whose };
      const pair = drawPairOf(drawn, fixture, cursors, random);
      const started = performance.now();
      const { status } = await ask(pair.asked);
      times[whose].push(performance.now() - started);
      statuses.add(status);
    }
  }
  // Two refusals of the credential would take the same time too.
  const isAnswered = statuses.size === 1 && ![401, 429, 503].some((status) => statuses.has(status));
  return { foreign: medianOf(times.foreign), absent: medianOf(times.absent), isAnswered };
}

const medianOf = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
