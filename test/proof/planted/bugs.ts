import { fuzzBugs } from './fuzz.ts';
import { keyBugs } from './keys.ts';
import type { PlantedBug } from './planted-bug.ts';
import { secretsBugs } from './secrets.ts';

/** Every breakage that `npm run proof -- --planted` tries, by area. */
export const plantedBugs: readonly PlantedBug[] = [...fuzzBugs, ...keyBugs, ...secretsBugs];
