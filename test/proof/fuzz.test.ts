import { describe, type TestContext, test } from 'vitest';
import { codeIn, isBare, messageIn } from './fuzz/contract-check.ts';
import { argumentsCases } from './fuzz/odd-arguments.ts';
import { type FuzzCase, oddBodyCases } from './fuzz/odd-bodies.ts';
import { expectedFor, isSegment, organizationCases } from './fuzz/odd-organization-ids.ts';
import { naiveSearch, searchCases } from './fuzz/odd-searches.ts';
import type { WireAnswer } from './fuzz/read-answer.ts';
import { runCases } from './fuzz/run-cases.ts';
import { sendWith } from './fuzz/send-with.ts';
import { type FuzzTarget, startTarget } from './fuzz/start-target.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

type Row<Case extends FuzzCase> = {
  readonly id: string;
  readonly property: string;
  readonly count: number;
  readonly cases: import('fast-check').Arbitrary<Case>;
  readonly isKnownPath?: (each: Case) => boolean;
  /** What the contract promises of this answer beyond its form. */
  readonly check?: (each: Case, answer: WireAnswer) => string | undefined;
  readonly note?: string;
};

/** Sends every case, and asks in the end how the server stood it. */
async function fuzz<Case extends FuzzCase>(context: TestContext, target: FuzzTarget, row: Row<Case>) {
  const { id, property, count, cases, check, isKnownPath } = row;
  target.startCounting();
  const sender = sendWith(target);
  const { failures, seed } = await runCases({ id, cases, count, width: 16 }, async (each) => {
    const { answer, complaint } = await sender.send(each, isKnownPath?.(each));
    return complaint ?? (answer && check?.(each, answer));
  });
  prove(context, {
    id,
    property,
    trials: count,
    unit: 'requests',
    failures: [...failures, ...(await target.aftermath())],
    measured: { seed, ...sender.measured() },
    ...(row.note !== undefined && { note: row.note }),
  });
}

const small = { planted: 500, ci: 5000, full: 100_000 };

describe('whatever is sent, the answer is the one of the contract', () => {
  test('to a malformed or odd body', async (context) => {
    const target = await startTarget();
    await fuzz(context, target, {
      id: 'fuzz.bodies',
      property: 'A malformed or odd body is answered as the contract says, and harms nothing',
      count: trials({ planted: 1000, ci: 20_000, full: 1_000_000 }),
      cases: oddBodyCases(target),
      check: ({ mustBeRefused = false }, answer) =>
        mustBeRefused && codeIn(answer) === undefined ? `served with status ${answer.status}` : undefined,
    });
  });

  test('to the name of an organisation that is not quite one', async (context) => {
    const target = await startTarget(false);
    await fuzz(context, target, {
      id: 'fuzz.organization-ids',
      property: 'An organisation is named exactly, byte for byte, or the request is refused',
      count: trials(small),
      cases: organizationCases(target),
      isKnownPath: ({ segment }) => isSegment(segment),
      check(each, answer) {
        const expected = expectedFor(each, target);
        const speaksFor = organizationIn(answer);
        const got = isBare(answer) ? String(answer.status) : (codeIn(answer) ?? speaksFor);
        const isMet =
          'codes' in expected ? expected.codes.includes(String(got)) : got === expected.organizationId;
        const { header, segment, isHost } = each;
        const sent = JSON.stringify({ header, segment, isHost });
        return isMet ? undefined : `${JSON.stringify(expected)} expected, got ${got} for ${sent}`;
      },
    });
  });

  test('to a text that is searched for', async (context) => {
    const target = await startTarget();
    const naive = await naiveSearch(target);
    await fuzz(context, target, {
      id: 'fuzz.search-texts',
      property: 'Any text finds what a plain filter over the own rows finds, in the same order',
      count: trials(small),
      cases: searchCases(target, naive.vocabulary),
      check({ query, limit }, answer) {
        const found = foundIn(answer);
        const expected = naive.find(query, limit);
        if (found !== undefined && found.join() === expected.join()) return undefined;
        return `${JSON.stringify(query)} finds ${found ?? answer.text.slice(0, 200)}, not ${expected}`;
      },
      note: `${naive.size} agents; words are cut by the search engine's own tokenizer`,
    });
  });

  test('to arguments that do not fit their schema', async (context) => {
    const target = await startTarget();
    await fuzz(context, target, {
      id: 'fuzz.arguments',
      property: 'Arguments of any form, in body, query or path, are taken as declared or refused',
      count: trials({ ...small, planted: 2000 }),
      cases: argumentsCases(target),
      isKnownPath: (each) => each.isKnownPath,
    });
  });
});

/** For whom `whoami` says that the caller speaks. */
const organizationIn = (answer: WireAnswer): string | undefined =>
  contentOf(answer)?.organization?.organization_id;

function foundIn(answer: WireAnswer): readonly string[] | undefined {
  return contentOf(answer)?.agents?.map(({ agent_id }) => agent_id);
}

type Content = {
  readonly organization?: { readonly organization_id: string };
  readonly agents?: readonly { readonly agent_id: string }[];
};

const contentOf = (answer: WireAnswer): Content | undefined =>
  (messageIn(answer)?.result as { readonly structuredContent?: Content } | undefined)?.structuredContent;
