import { acmeOccupations } from './acme-people.ts';
import type { DemoContent, DemoTopic } from './demo-content.ts';

const topics: readonly DemoTopic[] = [
  {
    tags: ['migraine'],
    text: '{They} {has|have} had migraine since school and {keeps|keep} a diary of triggers.',
  },
  {
    tags: ['type 2 diabetes'],
    text: 'Since a diagnosis of type 2 diabetes {they} {measures|measure} everything, bread above all.',
    ages: [42, 90],
  },
  {
    tags: ['vegan', 'food'],
    text: '{They} {is|are} vegan and {tries|try} every new cheese substitute once.',
    ages: [18, 55],
  },
  {
    tags: ['coeliac', 'food'],
    text: 'Coeliac disease has made {them} an expert in small print and gluten-free bread.',
  },
  {
    tags: ['running', 'wearables'],
    text: '{They} {runs|run} half marathons and {trusts|trust} {their} watch more than the mirror.',
    ages: [20, 62],
  },
  {
    tags: ['sleep'],
    text: '{They} {sleeps|sleep} badly and {has|have} tried teas, apps and a very expensive pillow.',
  },
  {
    tags: ['quitting smoking'],
    text: 'Smoke-free for five months, {they} still {carries|carry} nicotine gum.',
    ages: [24, 70],
  },
  {
    tags: ['hay fever', 'allergy'],
    text: 'From March to June hay fever decides when {they} {opens|open} a window.',
  },
  {
    tags: ['high blood pressure'],
    text: '{They} {takes|take} tablets for high blood pressure and {cooks|cook} with less salt than {they} {likes|like}.',
    ages: [45, 90],
  },
  {
    tags: ['skincare', 'beauty'],
    text: '{They} {follows|follow} two dermatologists online and {checks|check} every cream for perfume.',
    ages: [18, 50],
  },
  {
    tags: ['bargain hunter'],
    text: '{They} {plans|plan} the week by the leaflets and {has|have} loyalty cards for four chains.',
  },
  { tags: ['organic food', 'food'], text: '{They} {buys|buy} organic milk and eggs, the rest by price.' },
  {
    tags: ['online shopping'],
    text: '{They} {orders|order} nearly everything online and {returns|return} a third of it.',
    ages: [18, 68],
  },
  {
    tags: ['supplements'],
    text: 'Vitamin D, magnesium, omega-3: a whole shelf in {their} kitchen is supplements.',
  },
  {
    tags: ['yoga', 'mental health'],
    text: 'Yoga twice a week got {them} through a burnout two years ago.',
    ages: [22, 66],
  },
  {
    tags: ['back pain'],
    text: '{Their} back hurts after long days, and {they} {swears|swear} by a hot-water bottle.',
    ages: [30, 90],
  },
  {
    tags: ['arthritis'],
    text: 'Arthritis in both hands makes child-proof caps a daily fight.',
    ages: [58, 90],
  },
  {
    tags: ['hearing aid'],
    text: '{They} {wears|wear} hearing aids and {wishes|wish} that restaurants were quieter.',
    ages: [64, 90],
  },
  {
    tags: ['pet owner'],
    text: '{Their} dog eats better food than {they} {does|do}, and {they} {admits|admit} it.',
  },
  {
    tags: ['coffee lover', 'food'],
    text: '{They} {grinds|grind} {their} own coffee and {refuses|refuse} capsules on principle.',
  },
];

/** Acme Research surveys consumers and patients, mostly in Europe and North America. */
export const acme: DemoContent = {
  seed: 20_260_101,
  occupations: acmeOccupations,
  topics,
  countries: [
    { code: 'DE', locale: 'de', weight: 15, cities: ['Hamburg', 'Leipzig', 'Köln', 'München', 'Freiburg'] },
    { code: 'FR', locale: 'fr', weight: 12, cities: ['Lyon', 'Nantes', 'Paris', 'Lille', 'Toulouse'] },
    { code: 'GB', locale: 'en_GB', weight: 12, cities: ['Leeds', 'Bristol', 'Glasgow', 'London', 'Cardiff'] },
    {
      code: 'US',
      locale: 'en_US',
      weight: 14,
      cities: ['Columbus', 'Portland', 'Boston', 'Tucson', 'Chicago'],
    },
    { code: 'CA', locale: 'en_CA', weight: 6, cities: ['Toronto', 'Halifax', 'Calgary', 'Ottawa'] },
    { code: 'IT', locale: 'it', weight: 8, cities: ['Bologna', 'Torino', 'Palermo', 'Verona'] },
    { code: 'ES', locale: 'es', weight: 8, cities: ['Valencia', 'Sevilla', 'Bilbao', 'Madrid'] },
    { code: 'NL', locale: 'nl', weight: 6, cities: ['Utrecht', 'Rotterdam', 'Groningen'] },
    { code: 'PL', locale: 'pl', weight: 7, cities: ['Kraków', 'Gdańsk', 'Wrocław', 'Łódź'] },
    { code: 'SE', locale: 'sv', weight: 4, cities: ['Göteborg', 'Malmö', 'Uppsala'] },
    { code: 'CZ', locale: 'cs_CZ', weight: 3, cities: ['Brno', 'Praha', 'Plzeň'] },
    { code: 'PT', locale: 'pt_PT', weight: 3, cities: ['Porto', 'Lisboa', 'Coimbra'] },
    { code: 'AT', locale: 'de_AT', weight: 2, cities: ['Graz', 'Wien', 'Linz'] },
  ],
  groups: [
    {
      name: 'Health professionals',
      description:
        'People who work, or worked, with patients: nurses, pharmacists, physiotherapists, doctors and carers.',
      holds: (person) => person.tags.includes('healthcare'),
    },
    {
      name: 'Over 60',
      description:
        'Everyone of the panel who is older than 60, for studies of ageing, medicines and packaging.',
      holds: (person) => person.age > 60,
    },
    {
      name: 'Parents at the shelf',
      description: 'Households with children at home, who decide what a family eats.',
      holds: ({ tags }) =>
        ['young family', 'family with teenagers', 'single parent'].some((tag) => tags.includes(tag)),
    },
    {
      name: 'Food curious',
      description: 'People for whom food is a topic: vegan, organic, gluten-free or simply fond of coffee.',
      holds: (person) => person.tags.includes('food'),
    },
  ],
  studies: [
    {
      name: 'Child-proof caps and older hands',
      objective: 'Learn how people over 60 open medicine packages, and what they do when they cannot.',
      group: 'Over 60',
      questions: [
        'Which package in your home is hardest to open?',
        'Who helps you, and how often?',
        'What would a good cap feel like?',
      ],
      daysAgo: 41,
    },
    {
      name: 'Family breakfast on a weekday',
      objective: 'Understand how families with children choose breakfast products under time pressure.',
      group: 'Parents at the shelf',
      questions: [
        'What was on the table this morning?',
        'Who decides what is bought?',
        'What would you change if it cost the same?',
      ],
      daysAgo: 19,
    },
    {
      name: 'Trust in supplement claims',
      objective: 'Find out which claims on food supplements health professionals believe and repeat.',
      group: 'Health professionals',
      questions: ['Which supplements do people ask you about?', 'Which claim would you never repeat?'],
      daysAgo: 6,
    },
  ],
};
