import { createClock } from '../../src/clock.ts';

/** The machine's time, as a program that starts now knows it. */
export const machineClock = () => createClock(Date.now, () => performance.now());
