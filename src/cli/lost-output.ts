import type { Runtime } from './runtime.ts';

/** What is said where standard output cannot be written; answers the code to end with. */
export function tellLostOutput(error: Error, { err }: Pick<Runtime, 'err'>): 1 {
  const code = 'code' in error ? String(error.code) : error.name;
  // A reader such as `head` may close the pipe early; there is then nobody to tell.
  if (code === 'EPIPE') return 1;
  const lost = `tenantry: what was to be shown could not be written (${code})`;
  err(`${lost}; what was changed is changed: revoke a key that nobody saw.`);
  return 1;
}
