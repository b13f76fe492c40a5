import { everyCharacter } from '../../secrets/printable.ts';
import type { Offer } from '../../tool-sources/approved-tools.ts';

/** Columns of an offer's own words, so that no line of it is wrapped to where ours begin. */
const WIDTH = 62;
const LABEL_WIDTH = 13;

/**
 * An offer as lines in which every character is seen. Each of them begins with a bar, so that no text can look
 * like a line of this program.
 */
export const offerLines = (offer: Offer): readonly string[] =>
  Object.entries(offer)
    .filter(([, value]) => value !== undefined)
    .flatMap(([label, value]) => barred(label, typeof value === 'string' ? value : JSON.stringify(value)));

function barred(label: string, text: string): readonly string[] {
  const lines = text.split('\n').flatMap((line) => folded(everyCharacter(line)));
  return lines.map((line, index) => `  ${(index === 0 ? label : '').padEnd(LABEL_WIDTH)}| ${line}`);
}

/** At least one line, none wider than `WIDTH`; beyond ASCII a character may be two columns wide. */
function folded(text: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  let width = 0;
  for (const [shown] of text.matchAll(/<U\+[0-9A-F]+>|./gsu)) {
    const columns = shown.length === 1 && shown > '~' ? 2 : shown.length;
    if (width + columns > WIDTH) {
      lines.push(line);
      [line, width] = ['', 0];
    }
    line += shown;
    width += columns;
  }
  return [...lines, line];
}
