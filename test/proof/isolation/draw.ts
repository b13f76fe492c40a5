import { ulid } from 'ulid';
import { trials } from '../support/depth.ts';
import type { Random } from '../support/random.ts';
import { type Asked, speaks, type Voice, voices } from './ask.ts';
import { asking, type Cursors } from './cursors.ts';
import type { Fixture, TestPrincipal } from './fixture.ts';
import { newMarker } from './markers.ts';
import { type Question, questions, rarely, type Thing } from './questions.ts';

export type Whose = 'own' | 'foreign' | 'absent';

/** One pair: who asks what, how, and about whose thing. */
export type Pair = {
  readonly principal: TestPrincipal;
  readonly question: Question;
  readonly voice: Voice;
  readonly whose: Whose;
  readonly asked: Asked;
};

const often = questions.flatMap((question) => Array<Question>(question.weight).fill(question));
/** The SDK takes several times as long as the fast lane. */
const heard: readonly Voice[] = [
  ...voices.flatMap((voice) => Array(voice.endsWith('SDK') ? 1 : 4).fill(voice)),
];
const sorts: readonly Whose[] = ['own', 'own', 'foreign', 'foreign', 'foreign', 'absent'];
/** The longer the audit, the longer they take. */
const RARELY_ONE_IN = trials({ planted: 400, ci: 400, full: 4_000 });

export function drawPair(fixture: Fixture, cursors: Cursors, random: Random): Pair {
  const principal = random.pick(fixture.principals);
  const question = random.pick(random.whole(RARELY_ONE_IN) === 0 ? rarely : often);
  const drawn = random.pick(isMcpAlone(question) ? heardOnMcp : heard);
  const voice = speaks(question.tool, drawn) ? drawn : 'rest';
  const whose = question.about === null ? 'own' : random.pick(question.changes ? sorts.slice(2) : sorts);
  return drawPairOf({ principal, question, voice, whose }, fixture, cursors, random);
}

/** REST has no resources, and no URL that names an organisation. */
const isMcpAlone = ({ message, signal }: Question): boolean =>
  message !== undefined || signal === 'url' || signal === 'url beside header';
const heardOnMcp = heard.filter((voice) => voice !== 'rest');

/** The same question about what is nobody's. */
export const withNobody = (pair: Pair, fixture: Fixture, cursors: Cursors, random: Random): Pair =>
  drawPairOf({ ...pair, whose: 'absent' }, fixture, cursors, random);

export function drawPairOf(
  drawn: Omit<Pair, 'asked'>,
  fixture: Fixture,
  cursors: Cursors,
  random: Random,
): Pair {
  const { principal, question, voice, whose } = drawn;
  const id = question.about === null ? '' : nameOf(drawn, question.about, fixture, cursors, random);
  const args = question.args(id, principal.organization.own);
  const asked = { ...asking(principal, voice, question.tool, args), message: question.message?.(id) };
  if (question.signal === undefined) return { principal, question, voice, whose, asked };
  const isInUrl = question.signal !== 'header';
  const header = question.signal === 'url' ? null : principal.organization.tenant.id;
  const organizationHeader = isInUrl ? header : id;
  return {
    principal,
    question,
    voice,
    whose,
    asked: { ...asked, organizationHeader, organizationUrl: isInUrl ? id : null },
  };
}

function nameOf(
  { principal, question, whose }: Omit<Pair, 'asked'>,
  about: Thing | 'cursor',
  fixture: Fixture,
  cursors: Cursors,
  random: Random,
): string {
  if (about === 'cursor') return cursorOf(principal, question.tool, whose, cursors, random);
  if (whose === 'own') return random.pick(principal.organization.own[about]);
  if (whose === 'absent') return nobodys[about]();
  // A host key that names another organisation of its grants speaks for that one, rightly.
  const selects = question.signal === 'header' || question.signal === 'url';
  const others = fixture.organizations.filter(
    ({ index }) => index !== principal.organization.index && !(selects && principal.reach.has(index)),
  );
  return random.pick(random.pick(others).own[about]);
}

/** Another's cursor is, where there is one, that of the same key in another organisation. */
function cursorOf(
  principal: TestPrincipal,
  tool: string,
  whose: Whose,
  cursors: Cursors,
  random: Random,
): string {
  const own = cursors.get(principal)?.get(tool);
  if (whose === 'own' && own !== undefined) return own;
  const isElsewhere = (other: TestPrincipal) => other.organization !== principal.organization;
  const others = [...cursors].filter(([other]) => isElsewhere(other));
  const ofSameKey = others.filter(([other]) => other.key === principal.key);
  const found = (ofSameKey.length > 0 ? ofSameKey : others).flatMap(([, each]) => each.get(tool) ?? []);
  if (whose === 'foreign' && found.length > 0) return random.pick(found);
  return Buffer.from(newMarker() + newMarker() + newMarker()).toString('base64url');
}

const withUlid = (tag: string) => () => `${tag}_${ulid()}`;
const nobodys: Readonly<Record<Thing, () => string>> = {
  agent: withUlid('agt'),
  research_group: withUlid('rgp'),
  study: withUlid('std'),
  job: withUlid('job'),
  key: withUlid('key'),
  user: withUlid('usr'),
  group: withUlid('grp'),
  organization: withUlid('org'),
  prefix: () => `tnt_${newMarker().slice(-8)}`,
  marker: newMarker,
};
