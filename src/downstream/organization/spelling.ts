/** In letters and digits. A longer name cannot be configured, so it needs no folding. */
const LONGEST_NAME = 64;

export const isAscii = (text: string): boolean => /^[\0-\x7f]*$/.test(text);

/** Marks, punctuation and invisible characters. Adding one does not make another name. */
export const signs = /[\0-/:-@[-`{-\x7f\p{M}\p{P}\p{Z}\p{C}]/gu;

/**
 * The letters and digits of a name in one spelling: some platform treats `organization_id`, `Organization-Id`,
 * full-width letters, a dotless i and a soft hyphen alike. Look-alike letters of other scripts stay distinct, as they
 * do on every platform.
 */
export function plainName(name: string): string {
  if (isAscii(name)) return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
  // Remove signs first, so that only short text is normalized.
  const letters = name.replaceAll(signs, '');
  if (letters.length > LONGEST_NAME) return letters;
  return foldText(letters)
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}]/gu, '');
}

/** Unicode blocks with variants of Latin letters: accented, superscript, circled, full-width, mathematical. */
const FORMS = String.raw`\u0080-\u02ff\u1d00-\u1eff\u2070-\u24ff\uff00-\uff5e\u{1d400}-\u{1d7ff}\u{1f100}-\u{1f1ff}`;
/** Zero-width characters. */
const UNSEEN = String.raw`\p{M}\p{Cf}`;
const latinForms = new RegExp(`[${FORMS}][${FORMS}${UNSEEN}]*`, 'gu');
const unseen = new RegExp(`[${UNSEEN}]`, 'gu');

/** A regular expression source that matches the word with any of its letters in a variant form. */
export const inAnyForm = (word: string): string =>
  [...word].map((letter) => `[${letter}${FORMS}]`).join(`[${UNSEEN}]*`);

/**
 * The text with Latin letters in compatibility form (NFKD, https://unicode.org/reports/tr15/), without marks and
 * zero-width characters.
 */
export const foldText = (text: string): string =>
  text
    .replaceAll(latinForms, (forms) => forms.normalize('NFKD'))
    .replaceAll(unseen, '')
    .replaceAll('\u0131', 'i');
