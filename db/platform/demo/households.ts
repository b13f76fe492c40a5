/** Living situations by age. The tag makes tags and text agree. */
type Household = {
  readonly tag: string;
  readonly ages: readonly [least: number, most: number];
  readonly texts: readonly string[];
};

export const households: readonly Household[] = [
  {
    tag: 'lives with parents',
    ages: [18, 25],
    texts: [
      '{They} still {lives|live} with {their} parents and {saves|save} for a first place of {their} own.',
      '{They} {lives|live} at home with {their} parents and a younger sister.',
    ],
  },
  {
    tag: 'shared flat',
    ages: [19, 34],
    texts: [
      '{They} {shares|share} a flat with two friends, one fridge shelf each.',
      '{They} {rents|rent} a room in a shared flat near the main station.',
      '{They} {lives|live} with three flatmates and {splits|split} every bill by four.',
    ],
  },
  {
    tag: 'single household',
    ages: [24, 64],
    texts: [
      '{They} {lives|live} alone in a one-bedroom flat and {likes|like} it quiet in the evening.',
      '{They} {lives|live} alone with a cat that is fussier about food than any guest.',
      '{They} {lives|live} alone and {cooks|cook} twice a week for the days ahead.',
    ],
  },
  {
    tag: 'couple',
    ages: [24, 66],
    texts: [
      '{They} {lives|live} with {their} partner; they have no children and two bicycles.',
      '{They} and {their} partner bought a small flat three years ago and are still painting it.',
      '{They} {lives|live} with {their} partner on the edge of town, with a balcony full of herbs.',
    ],
  },
  {
    tag: 'young family',
    ages: [27, 44],
    texts: [
      '{They} {lives|live} with {their} partner and a toddler who decides when the day begins.',
      'At home there are two children under six, so shopping has to be quick.',
      '{They} {is|are} raising a baby and a four-year-old together with {their} partner.',
    ],
  },
  {
    tag: 'family with teenagers',
    ages: [38, 57],
    texts: [
      '{They} {lives|live} with {their} partner and two teenagers who eat everything in the house.',
      'With three children at school, {they} {plans|plan} the week on a board in the kitchen.',
    ],
  },
  {
    tag: 'single parent',
    ages: [25, 52],
    texts: [
      '{They} {brings|bring} up a daughter alone and {counts|count} every hour of childcare.',
      '{They} {is|are} a single parent of a nine-year-old son, with help from a neighbour.',
    ],
  },
  {
    tag: 'three generations',
    ages: [30, 60],
    texts: ['Three generations live under one roof, and {they} {looks|look} after {their} mother as well.'],
  },
  {
    tag: 'empty nest',
    ages: [50, 74],
    texts: [
      'The children have moved out, and {they} {has|have} turned one of their rooms into a workshop.',
      '{They} {lives|live} with {their} spouse; the children come for lunch on Sundays.',
    ],
  },
  {
    tag: 'grandparent',
    ages: [58, 90],
    texts: [
      '{They} {looks|look} after two grandchildren every Wednesday.',
      '{They} {lives|live} with {their} spouse of many years, ten minutes from the grandchildren.',
    ],
  },
  {
    tag: 'widowed',
    ages: [66, 90],
    texts: [
      'Widowed for some years, {they} {lives|live} alone and {talks|talk} to {their} daughter every evening.',
      'Since {their} spouse died {they} {has|have} kept the garden going alone.',
    ],
  },
];
