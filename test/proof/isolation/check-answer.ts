import type { Answer, Ask } from './ask.ts';
import type { Pair } from './draw.ts';
import type { Fixture, TestPrincipal } from './fixture.ts';
import { findMarkers } from './markers.ts';

/** What was seen so far. */
export type Tally = {
  readonly failures: string[];
  /** Questions by whose thing they were about. */
  readonly asked: Record<'own' | 'foreign' | 'absent', number>;
  /** Answers about the caller's own that showed it: without them nothing is proved. */
  ownSeen: number;
  /** Questions and voices that had such an answer. */
  readonly seen: Set<string>;
  /** Questions about foreign things that a missing scope had answered already. */
  beforeScope: number;
};

export const newTally = (): Tally => ({
  failures: [],
  asked: { own: 0, foreign: 0, absent: 0 },
  ownSeen: 0,
  seen: new Set(),
  beforeScope: 0,
});

/** The answer about what is nobody's, by who may ask what and how; the organisation is no part of it. */
export type References = Map<string, string>;

export const referenceKey = ({ principal, question, voice }: Pair): string =>
  `${principal.kind} ${question.name} ${voice}`;

const attempts = /\\?"target\\?":\\?"[^"\\]*/g;

/** Holds an answer against what its caller may see. */
export function checkAnswer(
  pair: Pair,
  given: Answer,
  { owners }: Fixture,
  references: References,
  tally: Tally,
) {
  const { question, principal, whose } = pair;
  const answer = withoutEcho(given, pair);
  const fail = (what: string) => tally.failures.push(`${describe(pair)}: ${what}`);
  tally.asked[whose] += 1;
  if (answer.status >= 500) fail(`status ${answer.status}`);
  // The audit shows callers what they themselves tried, and no more.
  const shown = question.tool === 'list_audit_events' ? answer.text.replaceAll(attempts, '') : answer.text;
  const { foreign, showsOwn } = findMarkers(shown, principal.organization.index, owners);
  if (foreign.length > 0) fail(`it shows ${foreign.slice(0, 3).join(', ')} of another organisation`);
  if (whose === 'own') {
    if (!showsOwn) return;
    tally.ownSeen += 1;
    tally.seen.add(question.name).add(pair.voice);
    return;
  }
  const isRefused = answer.text.includes('INSUFFICIENT_SCOPE');
  if (isRefused && whose === 'foreign') tally.beforeScope += 1;
  const key = referenceKey(pair);
  const reference = references.get(key);
  if (reference === undefined) {
    references.set(key, answer.comparable);
    const says = answer.text.replaceAll('\\"', '"').includes(question.absent);
    if (!says && !(isRefused && mayLackScopes(principal)))
      fail(`expected ${question.absent}, got ${answer.text}`);
  } else if (reference !== answer.comparable) {
    fail(`expected ${endOf(reference)}, got ${endOf(answer.comparable)}`);
  }
}

/** MCP wants a URI that is nobody's said again; it tells no more than the caller knew. */
function withoutEcho(answer: Answer, { asked, whose }: Pair): Answer {
  const { uri } = asked.message?.params ?? {};
  if (uri === undefined || whose === 'own') return answer;
  const unsaid = (text: string) => text.replaceAll(`"uri":"${uri}"`, '"uri":"<as asked>"');
  return { ...answer, comparable: unsaid(answer.comparable), text: unsaid(answer.text) };
}

/** Where headers differ and bodies do not, the length says so. */
const endOf = (answer: string): string =>
  `${answer.length} characters ending in ${JSON.stringify(answer.slice(-300))}`;

/** The others hold every scope there is, so that each question reaches what it is about. */
const mayLackScopes = ({ kind }: TestPrincipal): boolean => kind === 'member' || kind === 'host';

const describe = ({ principal, question, voice, whose, asked }: Pair): string =>
  `${principal.kind} of ${principal.organization.index} asks ${question.name} (${voice}) about ${whose} ${JSON.stringify(asked.message ?? asked.args)}`;

/** Asks about nobody's first, where that was not asked in this way yet. */
export async function askAndCheck(
  pair: Pair,
  nobodys: () => Pair,
  ask: Ask,
  fixture: Fixture,
  references: References,
  tally: Tally,
): Promise<number> {
  let asked = 1;
  if (pair.whose === 'foreign' && !references.has(referenceKey(pair))) {
    const absent = nobodys();
    checkAnswer(absent, await ask(absent.asked), fixture, references, tally);
    asked += 1;
  }
  checkAnswer(pair, await ask(pair.asked), fixture, references, tally);
  return asked;
}
