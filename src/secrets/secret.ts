import { hash, timingSafeEqual } from 'node:crypto';

/** A configured secret that a caller must present. When none is configured, nothing matches. */
export type Secret = { matches(presented: string): boolean };

/** Compares digests, which have equal lengths, in constant time. */
export function createSecret(text: string | null): Secret {
  if (text === null) return { matches: () => false };
  const expected = digest(text);
  return { matches: (presented) => timingSafeEqual(digest(presented), expected) };
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer');
