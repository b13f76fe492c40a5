import { depth } from '../support/depth.ts';

/** What takes longer hangs. Beside other work a machine is slow, and nothing is proved about how fast it is. */
export const HANG_MS = depth === 'full' ? 2000 : 10_000;
