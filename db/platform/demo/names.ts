import type { Faker } from '@faker-js/faker';
import type { DemoContent, DemoPerson, NameLocale } from './demo-content.ts';

export type Names = (
  locale: NameLocale,
  gender: DemoPerson['gender'],
) => { readonly first: string; readonly full: string };

/** Loads the names of the profile's countries. Imported on demand, because only seeding needs them. */
export async function loadNames({ countries, seed }: DemoContent): Promise<Names> {
  const locales = new Map<NameLocale, Faker>();
  for (const { locale } of countries) {
    const { faker } = await import(`@faker-js/faker/locale/${locale}`);
    locales.set(locale, faker);
  }
  for (const faker of locales.values()) faker.seed(seed);
  return (locale, gender) => {
    const faker = locales.get(locale);
    if (faker === undefined) throw new Error(`no names for ${locale}`);
    const sex = gender === 'non_binary' ? faker.helpers.arrayElement(['female', 'male'] as const) : gender;
    const first = faker.person.firstName(sex);
    const last = familyName(locale, sex, faker.person.lastName(sex));
    return { first, full: locale === 'vi' ? `${last} ${first}` : `${first} ${last}` };
  };
}

const twoFamilyNames = new Set<NameLocale>(['es', 'es_MX']);

/** Corrects Faker: it doubles family names where that is rare, and does not inflect Polish ones. */
function familyName(locale: NameLocale, sex: 'female' | 'male', drawn: string): string {
  if (locale === 'pl' && sex === 'female') return drawn.replace(/([sc]k|dzk)i$/, '$1a');
  if (locale === 'sv' || locale === 'nb_NO') return drawn.split(' ').at(-1) ?? drawn;
  return twoFamilyNames.has(locale) ? drawn : (drawn.split('-').at(0) ?? drawn);
}
