import { boltOccupations } from './bolt-people.ts';
import type { DemoContent, DemoTopic } from './demo-content.ts';

const topics: readonly DemoTopic[] = [
  {
    tags: ['electric scooter'],
    text: 'Last year {they} bought an electric scooter and {charges|charge} it in the hallway.',
    ages: [18, 48],
  },
  {
    tags: ['electric car', 'charging'],
    text: '{They} {drives|drive} an electric car and {plans|plan} every long trip around two reliable chargers.',
    countries: ['NO', 'AU', 'BR', 'TR'],
    ages: [26, 75],
  },
  {
    tags: ['motorbike'],
    text: 'The family’s only vehicle is a 125 cc motorbike.',
    countries: ['IN', 'ID', 'VN', 'NG', 'BR'],
    ages: [18, 64],
  },
  {
    tags: ['car owner'],
    text: '{They} {keeps|keep} a fifteen-year-old hatchback alive because a newer one is out of reach.',
    ages: [25, 80],
  },
  {
    tags: ['public transport'],
    text: '{They} {has|have} never owned a car and {knows|know} the timetable by heart.',
  },
  {
    tags: ['minibus', 'public transport'],
    text: '{They} {takes|take} two minibuses to work and {pays|pay} in coins.',
    countries: ['NG', 'ZA', 'MX', 'TR', 'ID'],
    ages: [18, 66],
  },
  {
    tags: ['cycling'],
    text: '{They} {cycles|cycle} wherever there is a lane, and sometimes where there is none.',
    ages: [18, 68],
  },
  {
    tags: ['home solar', 'battery'],
    text: 'Six panels and a battery on the roof have halved {their} bill.',
    ages: [28, 85],
  },
  {
    tags: ['power cuts', 'inverter'],
    text: 'Load shedding taught {them} to cook early and to keep an inverter charged.',
    countries: ['ZA', 'NG', 'GH'],
  },
  {
    tags: ['prepaid meter'],
    text: '{They} {buys|buy} electricity by token and {reads|read} the prepaid meter every morning.',
    countries: ['ZA', 'NG', 'GH', 'IN'],
  },
  {
    tags: ['generator'],
    text: 'A small petrol generator behind the house is loud, dear and indispensable.',
    countries: ['NG', 'GH'],
    ages: [25, 90],
  },
  {
    tags: ['heat pump'],
    text: 'A heat pump replaced the old oven, and {they} {shows|show} visitors the app.',
    countries: ['NO', 'TR'],
    ages: [28, 88],
  },
  {
    tags: ['air conditioning'],
    text: 'In the hot months the air conditioner is the largest item of the household.',
    countries: ['IN', 'AU', 'ID', 'VN', 'MX', 'BR'],
  },
  {
    tags: ['car sharing'],
    text: '{They} sold the car and {shares|share} one with four neighbours.',
    countries: ['NO', 'AU', 'BR', 'TR'],
    ages: [24, 70],
  },
  {
    tags: ['carpooling'],
    text: '{They} {takes|take} three colleagues along and {splits|split} the fuel.',
    ages: [22, 62],
  },
  { tags: ['long commute'], text: 'The way to work takes ninety minutes on a good day.', ages: [20, 60] },
  {
    tags: ['energy saving'],
    text: '{They} {switches|switch} off everything at the wall and {checks|check} the bill line by line.',
  },
  {
    tags: ['metro', 'public transport'],
    text: 'The new metro line cut {their} journey by half, and {they} {tells|tell} everyone.',
    countries: ['IN', 'BR', 'MX', 'TR', 'VN', 'ID', 'AU'],
  },
  {
    tags: ['reduced mobility'],
    text: '{They} {walks|walk} with a stick and {counts|count} the steps at every station.',
    ages: [62, 90],
  },
  {
    tags: ['road safety'],
    text: 'After an accident two years ago {they} {campaigns|campaign} for safer crossings.',
  },
];

/** Bolt Labs surveys mobility and energy, mostly in the south and the east. */
export const bolt: DemoContent = {
  seed: 20_260_202,
  occupations: boltOccupations,
  topics,
  countries: [
    { code: 'IN', locale: 'en_IN', weight: 18, cities: ['Pune', 'Bengaluru', 'Kochi', 'Jaipur', 'Kolkata'] },
    { code: 'BR', locale: 'pt_BR', weight: 14, cities: ['Recife', 'São Paulo', 'Curitiba', 'Belém'] },
    { code: 'NG', locale: 'en_NG', weight: 12, cities: ['Lagos', 'Ibadan', 'Abuja', 'Enugu'] },
    { code: 'MX', locale: 'es_MX', weight: 11, cities: ['Puebla', 'Monterrey', 'Mérida', 'Guadalajara'] },
    { code: 'ZA', locale: 'en_ZA', weight: 10, cities: ['Durban', 'Johannesburg', 'Gqeberha', 'Cape Town'] },
    { code: 'ID', locale: 'id_ID', weight: 9, cities: ['Surabaya', 'Bandung', 'Medan'] },
    { code: 'TR', locale: 'tr', weight: 8, cities: ['İzmir', 'Ankara', 'Eskişehir', 'İstanbul'] },
    { code: 'VN', locale: 'vi', weight: 7, cities: ['Đà Nẵng', 'Hà Nội', 'Cần Thơ'] },
    { code: 'AU', locale: 'en_AU', weight: 5, cities: ['Newcastle', 'Adelaide', 'Perth'] },
    { code: 'GH', locale: 'en_GH', weight: 3, cities: ['Accra', 'Kumasi', 'Tamale'] },
    { code: 'NO', locale: 'nb_NO', weight: 3, cities: ['Bergen', 'Tromsø', 'Stavanger'] },
  ],
  groups: [
    {
      name: 'Professional drivers',
      description: 'People who drive for a living: buses, trucks and ride-hailing.',
      holds: (person) => person.tags.includes('driver'),
    },
    {
      name: 'Public transport regulars',
      description: 'People who depend on buses, minibuses and metros, or work there.',
      holds: (person) => person.tags.includes('public transport'),
    },
    {
      name: 'Homes with weak power',
      description: 'Households that live with power cuts, prepaid meters or generators.',
      holds: ({ tags }) => ['power cuts', 'prepaid meter', 'generator'].some((tag) => tags.includes(tag)),
    },
  ],
  studies: [
    {
      name: 'Where a working day loses time',
      objective: 'Map the unpaid hours of professional drivers, and what would win them back.',
      group: 'Professional drivers',
      questions: [
        'How long did you wait yesterday, and where?',
        'What do you do while you wait?',
        'Which hour would you sell first?',
        'What would make you change to an electric vehicle?',
      ],
      daysAgo: 33,
    },
    {
      name: 'Evenings without electricity',
      objective: 'Understand how households arrange the evening around power cuts and prepaid credit.',
      group: 'Homes with weak power',
      questions: ['What stays switched on when power is short?', 'How do you know that a cut is coming?'],
      daysAgo: 12,
    },
  ],
};
