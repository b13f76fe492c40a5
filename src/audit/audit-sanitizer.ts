import { keptPrintable } from '../secrets/printable.ts';
import { cutText } from './cut.ts';

/** What clients say, as the audit keeps it: short, on one line, and without any secret. */
export type AuditSanitizer = {
  kept(text: string): string;
  /** A path is percent-encoded, perhaps twice: a secret in it must be found all the same. */
  sanitizePath(path: string): string;
};

const LONGEST_TEXT = 200;
/** Enough for 200 characters after all secrets are taken out: a body's text may be a MiB. */
const LONGEST_CLEANED = 16_384;
/** Texts remembered; what clients say of themselves is the same on every request. */
const MOST_TEXTS = 1000;

/** `redact` takes every secret out of a text. */
export function createAuditSanitizer(redact: (text: string) => string): AuditSanitizer {
  return {
    kept: rememberHarmless((text) =>
      cutText(keptPrintable(redact(text.slice(0, LONGEST_CLEANED))), LONGEST_TEXT),
    ),
    sanitizePath: rememberHarmless((path) => withoutSecrets(path, redact)),
  };
}

/** Remembers what came out as it went in, so that nothing with a secret in it is held. */
function rememberHarmless(clean: (text: string) => string): (text: string) => string {
  const harmless = new Set<string>();
  return (text) => {
    if (harmless.has(text)) return text;
    const cleaned = clean(text);
    if (cleaned !== text || text.length > LONGEST_TEXT) return cleaned;
    if (harmless.size >= MOST_TEXTS) harmless.clear();
    harmless.add(text);
    return text;
  };
}

/** The text without what `redact` takes out of it, or would take out of what it means. */
export function withoutSecrets(path: string, redact: (text: string) => string): string {
  const plain = decoded(path);
  const safe = redact(plain);
  return safe === plain ? path : safe;
}

/** The ASCII of a path or URI, however often it was percent-encoded within reason. */
export function decoded(path: string): string {
  let plain = path;
  for (let round = 0; round < 3; round += 1) {
    plain = plain.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) =>
      String.fromCharCode(Number.parseInt(hex, 16)),
    );
  }
  return plain;
}
