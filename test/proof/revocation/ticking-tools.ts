import { ticking } from '../../support/slow-tools.ts';

/** What a server is given as tools of its own. */
export const tools = [ticking];
