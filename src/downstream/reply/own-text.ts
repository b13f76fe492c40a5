import { undoEscapes } from './scan/undo-escapes.ts';

const escapedForMarkup = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;');

const unslashed = (text: string): string => text.replaceAll(/\\(.)/g, '$1');

/** Recognizes our organisation's id in texts. */
export type OwnText = {
  /** Whether the whole text is our id, escaped or not, or a list of only our id. */
  readonly is: (text: string) => boolean;
  /** The length of our id at the start of a text; 0 when it starts differently. */
  readonly lengthIn: (text: string) => number;
};

const MOST_UNDONE = 4;

export function createOwnText(own: string): OwnText {
  const json = JSON.stringify(own).slice(1, -1);
  const percent = encodeURIComponent(own);
  const written = [own, json, json.replaceAll('/', '\\/'), percent, percent.replaceAll('%20', '+')];
  const forms = [...new Set([...written, escapedForMarkup(own), undoEscapes(own)])];
  const isSame = (text: string): boolean => {
    let form = text.trim();
    for (let undone = 0; undone < MOST_UNDONE; undone += 1) {
      if (forms.includes(form)) return true;
      form = unslashed(undoEscapes(form)).replaceAll(/^["'`]|["'`]$/g, '');
    }
    return forms.includes(form);
  };
  return {
    is: (text) =>
      isSame(text) ||
      (/[,;|]/.test(text) &&
        text
          .replaceAll(/^[[{(]|[\])}]$/g, '')
          .split(/[,;|]/)
          .every(isSame)),
    lengthIn: (text) => Math.max(0, ...forms.map((form) => (text.startsWith(form) ? form.length : 0))),
  };
}
