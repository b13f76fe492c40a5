import { auditBugs } from './audit.ts';
import { clientsBugs } from './clients.ts';
import { durabilityBugs } from './durability.ts';
import { faultsBugs } from './faults.ts';
import { fuzzBugs } from './fuzz.ts';
import { isolationBugs } from './isolation.ts';
import { keyBugs } from './keys.ts';
import { loadBugs } from './load.ts';
import { machineBugs } from './machine.ts';
import { nextHopBugs } from './next-hop.ts';
import type { PlantedBug } from './planted-bug.ts';
import { revocationBugs } from './revocation.ts';
import { screenBugs } from './screen.ts';
import { secretsBugs } from './secrets.ts';
import { shutdownBugs } from './shutdown.ts';
import { toldBugs } from './told.ts';

/** Every breakage that `npm run proof -- --planted` tries, by area. */
export const plantedBugs: readonly PlantedBug[] = [
  ...auditBugs,
  ...clientsBugs,
  ...durabilityBugs,
  ...faultsBugs,
  ...fuzzBugs,
  ...isolationBugs,
  ...keyBugs,
  ...loadBugs,
  ...machineBugs,
  ...nextHopBugs,
  ...revocationBugs,
  ...screenBugs,
  ...secretsBugs,
  ...shutdownBugs,
  ...toldBugs,
];
