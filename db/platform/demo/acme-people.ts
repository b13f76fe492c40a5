import type { DemoOccupation } from './demo-content.ts';

export const acmeOccupations: readonly DemoOccupation[] = [
  {
    occupation: 'Nurse',
    ages: [23, 64],
    weight: 7,
    tags: ['healthcare', 'shift work'],
    work: [
      '{They} {works|work} on a cardiology ward and {has|have} done nights for years.',
      'On the paediatric ward {they} {is|are} the one whom frightened parents ask for.',
      'After {their} shift {they} {wants|want} meals that take ten minutes.',
    ],
  },
  {
    occupation: 'Pharmacist',
    ages: [26, 63],
    weight: 3,
    tags: ['healthcare', 'retail'],
    work: [
      '{They} {runs|run} the counter of a pharmacy opposite the health centre and {hears|hear} every side effect first.',
      '{They} {advises|advise} regulars on medicines and {distrusts|distrust} bold claims on packages.',
    ],
  },
  {
    occupation: 'Physiotherapist',
    ages: [24, 60],
    weight: 3,
    tags: ['healthcare', 'self-employed'],
    work: ['In {their} small practice {they} {treats|treat} office backs and runners’ knees in equal parts.'],
  },
  {
    occupation: 'Care assistant',
    ages: [20, 63],
    weight: 4,
    tags: ['healthcare', 'low income'],
    work: [
      '{They} {visits|visit} eleven elderly clients a day, with a car full of gloves and crossword magazines.',
    ],
  },
  {
    occupation: 'General practitioner',
    ages: [32, 67],
    weight: 2,
    tags: ['healthcare', 'high income'],
    work: ['{They} {has|have} a practice of 1,800 patients and too little time for each of them.'],
  },
  {
    occupation: 'Primary school teacher',
    ages: [24, 65],
    weight: 6,
    tags: ['education', 'public sector'],
    work: ['{They} {has|have} taught reading to a generation of children in the same street.'],
  },
  {
    occupation: 'Secondary school teacher',
    ages: [26, 65],
    weight: 4,
    tags: ['education', 'public sector'],
    work: ['{They} {teaches|teach} biology and sport and {runs|run} the school’s healthy-breakfast project.'],
  },
  {
    occupation: 'Farmer',
    ages: [25, 74],
    weight: 5,
    tags: ['agriculture', 'rural', 'self-employed'],
    work: [
      '{They} {keeps|keep} ninety dairy cows outside the city and {sells|sell} cheese at the Saturday market.',
      '{They} {grows|grow} apples and pears on land that was {their} grandfather’s.',
      '{They} {farms|farm} wheat and rapeseed and {is|are} converting the last fields to organic.',
    ],
  },
  {
    occupation: 'Software engineer',
    ages: [22, 55],
    weight: 6,
    tags: ['technology', 'remote work'],
    work: [
      '{They} {writes|write} booking software from a desk at home and {moves|move} too little.',
      '{They} {builds|build} payment systems at a start-up and {has|have} tried every meal-kit service in town.',
    ],
  },
  {
    occupation: 'Graphic designer',
    ages: [22, 58],
    weight: 3,
    tags: ['creative', 'self-employed'],
    work: [
      'As a freelancer {they} {designs|design} labels for small breweries and {judges|judge} every shelf by its type.',
    ],
  },
  {
    occupation: 'Shop assistant',
    ages: [18, 62],
    weight: 5,
    tags: ['retail', 'low income'],
    work: [
      '{They} {works|work} at a supermarket checkout and {knows|know} which offers are real.',
      '{They} {sells|sell} shoes in a shopping centre and {is|are} on {their} feet eight hours a day.',
    ],
  },
  {
    occupation: 'Chef',
    ages: [21, 60],
    weight: 3,
    tags: ['hospitality', 'shift work'],
    work: [
      '{They} {cooks|cook} in a hotel kitchen and {reads|read} ingredient lists like other people read novels.',
    ],
  },
  {
    occupation: 'Accountant',
    ages: [25, 65],
    weight: 4,
    tags: ['finance', 'office work'],
    work: ['{They} {does|do} the books of thirty small firms and {keeps|keep} every receipt of {their} own.'],
  },
  {
    occupation: 'Electrician',
    ages: [19, 63],
    weight: 4,
    tags: ['trades', 'manual work'],
    work: ['{They} {rewires|rewire} old houses and {eats|eat} lunch from the bakery in the van.'],
  },
  {
    occupation: 'Postal worker',
    ages: [20, 64],
    weight: 3,
    tags: ['logistics', 'manual work'],
    work: [
      '{They} {delivers|deliver} letters and ever more parcels, eighteen kilometres a day on foot and by bike.',
    ],
  },
  {
    occupation: 'Social worker',
    ages: [24, 64],
    weight: 3,
    tags: ['public sector', 'care'],
    work: ['{They} {supports|support} families in debt and {knows|know} what a week’s food really costs.'],
  },
  {
    occupation: 'Personal trainer',
    ages: [21, 48],
    weight: 2,
    tags: ['fitness', 'self-employed'],
    work: [
      '{They} {trains|train} office workers before breakfast and {has|have} an opinion on every protein bar.',
    ],
  },
  {
    occupation: 'Stay-at-home parent',
    ages: [27, 47],
    weight: 4,
    tags: ['homemaker', 'budget conscious'],
    work: ['{They} left an office job when the first child came and {runs|run} the household on one income.'],
  },
  {
    occupation: 'University student',
    ages: [18, 28],
    weight: 7,
    tags: ['student', 'low income'],
    work: [
      '{They} {studies|study} psychology and {tutors|tutor} at weekends to pay the rent.',
      '{They} {is|are} in the third year of a nursing degree and {lives|live} on pasta before exams.',
      '{They} {studies|study} food science and {reads|read} nutrition tables for fun.',
    ],
  },
  {
    occupation: 'Job seeker',
    ages: [22, 61],
    weight: 3,
    tags: ['unemployed', 'budget conscious'],
    work: ['{They} lost a warehouse job in spring and {compares|compare} unit prices to the cent.'],
  },
  {
    occupation: 'Retired nurse',
    ages: [63, 90],
    weight: 4,
    tags: ['retired', 'healthcare'],
    work: ['After four decades on the wards {they} {is|are} the one whom the whole street asks about pills.'],
  },
  {
    occupation: 'Retired teacher',
    ages: [62, 90],
    weight: 6,
    tags: ['retired', 'education'],
    work: [
      '{They} taught mathematics for thirty-five years and still {corrects|correct} the leaflets in the letter box.',
      'Once a village teacher, {they} now {leads|lead} a choir and a reading group.',
    ],
  },
  {
    occupation: 'Retired mechanic',
    ages: [63, 88],
    weight: 4,
    tags: ['retired', 'trades'],
    work: ['{They} ran a garage until {their} knees gave up and {repairs|repair} lawnmowers for neighbours.'],
  },
];
