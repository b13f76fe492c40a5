import { regionName } from '../data/region-name.ts';
import { writeBiography } from './biography.ts';
import type { DemoContent, DemoCountry, DemoOccupation, DemoPerson, DemoTopic } from './demo-content.ts';
import { createDraw, type Draw } from './draw.ts';
import { households } from './households.ts';
import type { Names } from './names.ts';

type Frame = {
  readonly age: number;
  readonly country: DemoCountry;
  readonly occupation: DemoOccupation;
};

/** The people of a profile, always the same. `names` must be new, because it has its own seed. */
export function drawPeople(content: DemoContent, names: Names, size: number): readonly DemoPerson[] {
  const draw = createDraw(content.seed);
  return Array.from({ length: size }, () => drawPerson(content, names, draw));
}

function drawPerson(content: DemoContent, names: Names, draw: Draw): DemoPerson {
  const country = draw.weighted(content.countries);
  const occupation = draw.weighted(content.occupations);
  const age = draw.wholeNumber(...occupation.ages);
  const gender = drawGender(draw);
  const city = draw.one(country.cities);
  const { first, full } = names(country.locale, gender);
  const household = draw.one(
    households.filter(({ ages, tag }) => within(age, ages) && agrees(tag, occupation)),
  );
  const topics = drawTopics(content.topics, { age, country, occupation }, draw);
  const facts = { firstName: first, age, gender, city, country: regionName(country.code) };
  const sentences = [draw.one(occupation.work), draw.one(household.texts), ...topics.map(({ text }) => text)];
  return {
    name: full,
    age,
    gender,
    country: country.code,
    city,
    occupation: occupation.occupation,
    biography: writeBiography({ ...facts, occupation: occupation.occupation }, sentences.slice(0, 3)),
    tags: [...new Set([...occupation.tags, household.tag, ...topics.flatMap(({ tags }) => tags)])].slice(
      0,
      6,
    ),
  };
}

function drawGender(draw: Draw): DemoPerson['gender'] {
  const chance = draw.next();
  return chance < 0.5 ? 'female' : chance < 0.97 ? 'male' : 'non_binary';
}

const within = (age: number, [least, most]: readonly [number, number]): boolean =>
  age >= least && age <= most;

/** A homemaker has a household with children. */
const agrees = (household: string, { tags }: DemoOccupation): boolean =>
  !tags.includes('homemaker') || ['young family', 'family with teenagers'].includes(household);

/** Usually one topic. Without one the biography is a sentence shorter. */
function drawTopics(topics: readonly DemoTopic[], { age, country }: Frame, draw: Draw): readonly DemoTopic[] {
  const fitting = topics.filter(
    (topic) => within(age, topic.ages ?? [0, 200]) && (topic.countries?.includes(country.code) ?? true),
  );
  return draw.next() < 0.85 ? [draw.one(fitting)] : [];
}
