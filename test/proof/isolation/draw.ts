import { ulid } from 'ulid';
import { trials } from '../support/depth.ts';
import type { Random } from '../support/random.ts';
import { type Asked, speaks, type Voice, voices } from './ask.ts';
import { newCanary } from './canaries.ts';
import { asking, type Cursors } from './cursors.ts';
import { type Question, questions, rarely, type Thing } from './questions.ts';
import type { Speaker, World } from './world.ts';

export type Whose = 'own' | 'foreign' | 'absent';

/** One pair: who asks what, how, and about whose thing. */
export type Pair = {
  readonly speaker: Speaker;
  readonly question: Question;
  readonly voice: Voice;
  readonly whose: Whose;
  readonly asked: Asked;
};

const often = questions.flatMap((question) => Array<Question>(question.weight).fill(question));
/** The engine takes several times as long as the fast lane. */
const heard: readonly Voice[] = [
  ...voices.flatMap((voice) => Array(voice.endsWith('e') ? 1 : 4).fill(voice)),
];
const sorts: readonly Whose[] = ['own', 'own', 'foreign', 'foreign', 'foreign', 'absent'];
/** The longer the audit, the longer they take. */
const RARELY_ONE_IN = trials({ planted: 400, ci: 400, full: 4_000 });

export function drawPair(world: World, cursors: Cursors, random: Random): Pair {
  const speaker = random.pick(world.speakers);
  const question = random.pick(random.whole(RARELY_ONE_IN) === 0 ? rarely : often);
  const drawn = random.pick(isMcpAlone(question) ? heardOnMcp : heard);
  const voice = speaks(question.tool, drawn) ? drawn : 'rest';
  const whose = question.about === null ? 'own' : random.pick(question.changes ? sorts.slice(2) : sorts);
  return drawPairOf({ speaker, question, voice, whose }, world, cursors, random);
}

/** REST has no resources, and no URL that names an organisation. */
const isMcpAlone = ({ message, signal }: Question): boolean =>
  message !== undefined || signal === 'url' || signal === 'url beside header';
const heardOnMcp = heard.filter((voice) => voice !== 'rest');

/** The same question about what is nobody's. */
export const withNobody = (pair: Pair, world: World, cursors: Cursors, random: Random): Pair =>
  drawPairOf({ ...pair, whose: 'absent' }, world, cursors, random);

export function drawPairOf(drawn: Omit<Pair, 'asked'>, world: World, cursors: Cursors, random: Random): Pair {
  const { speaker, question, voice, whose } = drawn;
  const id = question.about === null ? '' : nameOf(drawn, question.about, world, cursors, random);
  const args = question.args(id, speaker.organization.own);
  const asked = { ...asking(speaker, voice, question.tool, args), message: question.message?.(id) };
  if (question.signal === undefined) return { speaker, question, voice, whose, asked };
  const isInUrl = question.signal !== 'header';
  const header = question.signal === 'url' ? null : speaker.organization.tenant.id;
  const organizationHeader = isInUrl ? header : id;
  return {
    speaker,
    question,
    voice,
    whose,
    asked: { ...asked, organizationHeader, organizationUrl: isInUrl ? id : null },
  };
}

function nameOf(
  { speaker, question, whose }: Omit<Pair, 'asked'>,
  about: Thing | 'cursor',
  world: World,
  cursors: Cursors,
  random: Random,
): string {
  if (about === 'cursor') return cursorOf(speaker, question.tool, whose, cursors, random);
  if (whose === 'own') return random.pick(speaker.organization.own[about]);
  if (whose === 'absent') return nobodys[about]();
  // A host key that names another organisation of its grants speaks for that one, rightly.
  const selects = question.signal === 'header' || question.signal === 'url';
  const others = world.organizations.filter(
    ({ index }) => index !== speaker.organization.index && !(selects && speaker.reach.has(index)),
  );
  return random.pick(random.pick(others).own[about]);
}

/** Another's cursor is, where there is one, that of the same key in another organisation. */
function cursorOf(speaker: Speaker, tool: string, whose: Whose, cursors: Cursors, random: Random): string {
  const own = cursors.get(speaker)?.get(tool);
  if (whose === 'own' && own !== undefined) return own;
  const isElsewhere = (other: Speaker) => other.organization !== speaker.organization;
  const others = [...cursors].filter(([other]) => isElsewhere(other));
  const ofSameKey = others.filter(([other]) => other.key === speaker.key);
  const found = (ofSameKey.length > 0 ? ofSameKey : others).flatMap(([, each]) => each.get(tool) ?? []);
  if (whose === 'foreign' && found.length > 0) return random.pick(found);
  return Buffer.from(newCanary() + newCanary() + newCanary()).toString('base64url');
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
  prefix: () => `tnt_${newCanary().slice(-8)}`,
  canary: newCanary,
};
