import type { DemoOccupation } from './demo-content.ts';

export const boltOccupations: readonly DemoOccupation[] = [
  {
    occupation: 'Delivery rider',
    ages: [18, 45],
    weight: 7,
    tags: ['gig work', 'logistics'],
    work: [
      '{They} {delivers|deliver} meals on two wheels and {knows|know} every shortcut and every pothole.',
      '{They} {rides|ride} ten hours a day for two delivery apps at once.',
    ],
  },
  {
    occupation: 'Ride-hailing driver',
    ages: [21, 62],
    weight: 6,
    tags: ['gig work', 'driver'],
    work: [
      '{They} {drives|drive} passengers until midnight and {watches|watch} the fuel price like others watch football.',
      'Half of what {they} {earns|earn} goes to the owner of the car.',
    ],
  },
  {
    occupation: 'Bus driver',
    ages: [25, 64],
    weight: 5,
    tags: ['public transport', 'driver', 'shift work'],
    work: [
      '{They} {drives|drive} the early line across town and {has|have} seen three fare systems come and go.',
    ],
  },
  {
    occupation: 'Truck driver',
    ages: [23, 63],
    weight: 5,
    tags: ['logistics', 'driver'],
    work: [
      '{They} {hauls|haul} containers between port and inland depots and {sleeps|sleep} in the cab twice a week.',
    ],
  },
  {
    occupation: 'Solar installer',
    ages: [19, 52],
    weight: 5,
    tags: ['solar', 'trades'],
    work: [
      '{They} {mounts|mount} panels on roofs and {explains|explain} inverters to sceptical owners.',
      '{They} started as a roofer and now {fits|fit} batteries in three homes a week.',
    ],
  },
  {
    occupation: 'Wind turbine technician',
    ages: [21, 50],
    weight: 3,
    tags: ['wind power', 'trades'],
    work: [
      '{They} {climbs|climb} eighty metres before breakfast to grease what others see from the motorway.',
    ],
  },
  {
    occupation: 'Petroleum engineer',
    ages: [25, 60],
    weight: 3,
    tags: ['oil and gas', 'engineering', 'high income'],
    work: [
      '{They} {plans|plan} well maintenance and quietly {studies|study} geothermal energy in the evening.',
    ],
  },
  {
    occupation: 'Power grid operator',
    ages: [26, 60],
    weight: 3,
    tags: ['electricity', 'engineering', 'shift work'],
    work: ['In the control room {they} {balances|balance} a grid that gets harder to predict every summer.'],
  },
  {
    occupation: 'Civil engineer',
    ages: [24, 62],
    weight: 4,
    tags: ['engineering', 'construction'],
    work: [
      '{They} {designs|design} bus lanes and bridges and {walks|walk} every site before signing anything.',
    ],
  },
  {
    occupation: 'Urban planner',
    ages: [25, 60],
    weight: 3,
    tags: ['public sector', 'mobility planning'],
    work: [
      '{They} {plans|plan} cycle routes for the municipality and {argues|argue} about parking for a living.',
    ],
  },
  {
    occupation: 'Car mechanic',
    ages: [19, 60],
    weight: 5,
    tags: ['trades', 'automotive'],
    work: [
      '{They} {repairs|repair} engines in a two-bay workshop and {has|have} just done a first course on batteries.',
    ],
  },
  {
    occupation: 'Market trader',
    ages: [22, 70],
    weight: 6,
    tags: ['self-employed', 'informal economy'],
    work: [
      '{They} {sells|sell} vegetables from four in the morning, and the minibus there is {their} biggest cost.',
      '{They} {runs|run} a stall with phone chargers and solar lamps beside the bus terminal.',
    ],
  },
  {
    occupation: 'Smallholder farmer',
    ages: [22, 74],
    weight: 5,
    tags: ['agriculture', 'rural'],
    work: ['{They} {farms|farm} two hectares outside the city and {pumps|pump} water when the power allows.'],
  },
  {
    occupation: 'Software developer',
    ages: [21, 48],
    weight: 5,
    tags: ['technology', 'remote work'],
    work: [
      '{They} {writes|write} routing software for a logistics firm, mostly from home since the commute became absurd.',
    ],
  },
  {
    occupation: 'Call centre agent',
    ages: [19, 45],
    weight: 4,
    tags: ['office work', 'shift work'],
    work: ['{They} {answers|answer} calls for an energy company and {knows|know} by heart why bills rise.'],
  },
  {
    occupation: 'Hotel receptionist',
    ages: [20, 55],
    weight: 3,
    tags: ['tourism', 'shift work'],
    work: ['{They} {works|work} the night desk of a hotel and {gets|get} home when the first trains leave.'],
  },
  {
    occupation: 'School teacher',
    ages: [24, 63],
    weight: 4,
    tags: ['education', 'public sector'],
    work: ['{They} {teaches|teach} physics and {built|built} a small wind turbine with {their} class.'],
  },
  {
    occupation: 'Hospital nurse',
    ages: [23, 60],
    weight: 3,
    tags: ['health sector', 'shift work'],
    work: ['{They} {travels|travel} an hour each way to the district hospital, at hours when few buses run.'],
  },
  {
    occupation: 'Shop owner',
    ages: [28, 70],
    weight: 4,
    tags: ['self-employed', 'retail'],
    work: ['{They} {runs|run} a corner shop whose freezers eat a third of the profit.'],
  },
  {
    occupation: 'Engineering student',
    ages: [18, 27],
    weight: 6,
    tags: ['student', 'engineering'],
    work: [
      '{They} {studies|study} electrical engineering and {races|race} in the university’s solar car team.',
      '{They} {studies|study} transport engineering and {counts|count} passengers for pocket money.',
    ],
  },
  {
    occupation: 'Security guard',
    ages: [21, 62],
    weight: 3,
    tags: ['shift work', 'low income'],
    work: ['{They} {guards|guard} a charging depot at night and {walks|walk} home when no minibus comes.'],
  },
  {
    occupation: 'Retired miner',
    ages: [60, 86],
    weight: 3,
    tags: ['retired', 'mining'],
    work: [
      '{They} worked underground for twenty-eight years and {follows|follow} the closing of the pits in the news.',
    ],
  },
  {
    occupation: 'Retired civil servant',
    ages: [61, 90],
    weight: 4,
    tags: ['retired', 'public sector'],
    work: [
      'Retired from the ministry of transport, {they} {writes|write} letters to the editor about pavements.',
    ],
  },
];
