/** A locale of @faker-js/faker whose names fit the country. */
export type NameLocale = string;

export type DemoCountry = {
  readonly code: string;
  readonly locale: NameLocale;
  /** Approximate share of the agents, in per cent. */
  readonly weight: number;
  readonly cities: readonly string[];
};

/**
 * Texts are templates with `{name}`, `{city}`, `{country}`, `{They}`, `{they}`, `{their}` and `{them}`; a verb after a
 * pronoun is `{lives|live}`.
 */
export type DemoOccupation = {
  readonly occupation: string;
  readonly ages: readonly [least: number, most: number];
  readonly weight: number;
  readonly tags: readonly string[];
  readonly work: readonly string[];
};

export type DemoTopic = {
  readonly tags: readonly string[];
  readonly text: string;
  readonly ages?: readonly [least: number, most: number];
  readonly countries?: readonly string[];
};

type DemoGroup = {
  readonly name: string;
  readonly description: string;
  readonly holds: (person: DemoPerson) => boolean;
};

type DemoStudy = {
  readonly name: string;
  readonly objective: string;
  readonly group: string;
  readonly questions: readonly string[];
  readonly daysAgo: number;
};

export type DemoContent = {
  /** The seed of the random draw; it differs between profiles. */
  readonly seed: number;
  readonly countries: readonly DemoCountry[];
  readonly occupations: readonly DemoOccupation[];
  readonly topics: readonly DemoTopic[];
  readonly groups: readonly DemoGroup[];
  readonly studies: readonly DemoStudy[];
};

export type DemoPerson = {
  readonly name: string;
  readonly age: number;
  readonly gender: 'female' | 'male' | 'non_binary';
  readonly country: string;
  readonly city: string;
  readonly occupation: string;
  readonly biography: string;
  readonly tags: readonly string[];
};
