import { createHash, timingSafeEqual } from 'node:crypto';

/** A secret of ours that somebody else must present; where none is set, nothing matches. */
export type Secret = { matches(presented: string): boolean };

/** Digests are compared: of one length, and in a time that tells nothing of how much was right. */
export function createSecret(text: string | null): Secret {
  if (text === null) return { matches: () => false };
  const expected = digest(text);
  return { matches: (presented) => timingSafeEqual(digest(presented), expected) };
}

const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
