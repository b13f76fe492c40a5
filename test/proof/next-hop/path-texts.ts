import type { Random } from '../support/random.ts';

const hex = (byte: number, random: Random): string => {
  const text = byte.toString(16).padStart(2, '0');
  return `%${random.whole(2) === 0 ? text : text.toUpperCase()}`;
};

/** Percent-encoded `depth` times, each character or only some. */
function encoded(text: string, depth: number, random: Random): string {
  if (depth === 0) return text;
  const isWhole = random.whole(3) > 0;
  const once = [...Buffer.from(text)]
    .map((byte) =>
      isWhole || random.whole(2) === 0 || byte > 126 ? hex(byte, random) : String.fromCharCode(byte),
    )
    .join('');
  return encoded(once, depth - 1, random);
}

const attacks = [
  ...[
    '../../bolt/docs/7',
    '../../../orgs/bolt/docs/7',
    '..\\..\\bolt\\docs\\7',
    '../secrets/1',
    '../../internal/users',
  ],
  ...[
    '../../ws_2/files/1',
    '..;/..;/bolt/docs/7',
    './7',
    '7/../8',
    '/',
    '..',
    '.',
    '../../../../bolt/v1/agents/7',
  ],
];
const dots = ['.', '..', '...', '．', '．．', '․', '。', '…'];
const slashes = ['/', '\\', '//', '∕', '／', '⁄', '＼'];
const overlong = [
  '%c0%ae',
  '%C0%AF',
  '%c1%9c',
  '%e0%80%ae',
  '%e0%80%af',
  '%f0%80%80%af',
  '%c0%80',
  '%c0%a52f',
];
const odd = [
  '%u002f',
  '%u002e',
  '%u005c',
  '%00',
  '%0a',
  '\0',
  '\n',
  '\x7f',
  ';',
  ';x',
  ';/',
  '..;',
  '?',
  '#',
  '%',
  '%%',
  '%2',
  '\u0085',
];
const words = [
  'acme',
  'bolt',
  'docs',
  '7',
  'ws_2',
  'secrets',
  'a b',
  'ü',
  '😀',
  '50%',
  'v1..2',
  'e',
  '2f',
  '%41',
  'a',
];

/** What somebody writes who wants out of the segment: any of it, as often encoded as it takes, amid ordinary text. */
export function hostileText(random: Random): string {
  if (random.whole(8) === 0) return encoded(random.pick(attacks), random.whole(4), random);
  const pieces = Array.from({ length: 1 + random.whole(5) }, () => {
    switch (random.whole(7)) {
      case 0:
        return random.pick(dots);
      case 1:
        return random.whole(3) === 0 ? random.pick(slashes) : random.pick(words);
      case 2:
        return encoded(random.pick([...dots, ...slashes, ...odd]), 1 + random.whole(3), random);
      case 3:
        return random.whole(2) === 0
          ? encoded(random.pick(overlong), random.whole(3), random)
          : random.pick(words);
      case 4:
        return random.pick(odd);
      default:
        return random.pick(words);
    }
  });
  return pieces.join('');
}

const ordinary = [
  ...'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789',
  ...'-_~ !$&()*+,=:@|^"<>[]{}`\'',
  ...['ä', 'ß', 'é', 'ñ', 'я', 'ש', '日', '本', '한', '😀', '👩‍🔬', '\u0301', '\u00a0', '№', '．', '／'],
];
/** Whole, and harmless beside any text after it. */
const combined = [
  ...[
    '100% ',
    '50%-',
    '%zz',
    'a%20b',
    '%41-',
    '%C3%BC',
    '%E4 ',
    'a?b',
    'a#b',
    'a;b',
    'x..y',
    'v1.2..3',
    'a.b',
    '%2Cx',
  ],
];

/** An ordinary value: names, versions, sentences of any language, percentages, and encodings that harm nobody. */
export function goodText(random: Random): string {
  const length = 1 + random.whole(random.whole(10) === 0 ? 80 : 12);
  const text = Array.from({ length }, () =>
    random.whole(6) === 0 ? random.pick(combined) : random.pick(ordinary),
  ).join('');
  return Buffer.byteLength(text) <= 1024 ? text : 'a';
}
