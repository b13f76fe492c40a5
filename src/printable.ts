/** Characters that would break a line, move a terminal's cursor, or turn the direction of its text. */
const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu;

/** `text` on one line and harmless to a terminal: names and errors are written by others. */
export const printable = (text: string): string => text.replaceAll(unprintable, '?');
