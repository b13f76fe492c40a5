import type { DemoPerson } from './demo-content.ts';

type Gender = DemoPerson['gender'];

const pronouns = {
  female: { they: 'she', their: 'her', them: 'her' },
  male: { they: 'he', their: 'his', them: 'him' },
  non_binary: { they: 'they', their: 'their', them: 'them' },
} as const;

type BiographyFacts = {
  readonly firstName: string;
  readonly age: number;
  readonly gender: Gender;
  readonly city: string;
  readonly country: string;
  readonly occupation: string;
};

/** Fills the sentence templates and puts an introduction before them. */
export function writeBiography(facts: BiographyFacts, sentences: readonly string[]): string {
  return [introduction(facts), ...sentences].map((sentence) => fill(sentence, facts)).join(' ');
}

function introduction({ firstName, age, city, country, occupation }: BiographyFacts): string {
  const job = occupation.toLowerCase();
  const articleOfAge = age === 18 || String(age).startsWith('8') ? 'an' : 'a';
  return `${firstName} is ${articleOfAge} ${age}-year-old ${job} from ${city}, ${country}.`;
}

/** `{lives|live}` takes the form that agrees with the pronoun; `{They}` starts a sentence. */
function fill(sentence: string, { gender }: BiographyFacts): string {
  const words: Record<string, string> = pronouns[gender];
  return sentence.replace(/\{([^{}]+)\}/g, (_, inside: string) => {
    const [singular = '', plural] = inside.split('|');
    if (plural !== undefined) return gender === 'non_binary' ? plural : singular;
    const word = words[inside.toLowerCase()] ?? inside;
    return inside.startsWith('T') ? word.charAt(0).toUpperCase() + word.slice(1) : word;
  });
}
