/** Texts that a current server or proxy makes more than one segment of, none, or another one. */
export const leavingPathValues: readonly string[] = [
  ...['', '.', '..', '/', 'a/b', '/a', 'a/', '../../bolt/docs/7', './x'],
  ...['\\', 'a\\b', '..\\..\\x'],
  ...['a\0b', 'a\nb', 'a\r\nx: y', '\t', '\x7f', 'a\u0085b'],
  // Encoded once, twice, and by halves.
  ...[
    '%2e',
    '%2E%2e',
    '.%2e',
    '%2e.',
    '%2F',
    'a%2fb',
    '..%2F..%2Fx',
    '%5c',
    'a%5Cb',
    '%00',
    'a%0d%0ab',
    '%7f',
    '%c2%85',
  ],
  ...['%252e%252e', '%252e%252e%252fx', '.%252E', '%255c', '%2500', '%25%32%66', '%%32%66', '%2%66'],
  // What a lenient decoder makes of more bytes than needed, and of the `%u` of older servers.
  ...[
    '%c0%ae%c0%ae',
    '%c0%af',
    'a%c1%9cb',
    '%e0%80%af',
    '%f0%80%80%af',
    '%c0%80',
    '%c0%252e%252e%c0%af',
    '%c0%a52f',
  ],
  ...['%u002f', '%u002e%u002e', 'a%u005Cb', '%25u002f'],
  // Servers of Java take what follows `;` for a parameter; who decodes and does not encode again cuts at `?` and `#`.
  ...['..;', '..;/x', '..;a=b', '.;x', ';x', '%2e%2e;x', '..%3bx', '..%253Bx', '..?x', '..#x', '.%3fx'],
  // Windows takes blanks and dots off the end of a name.
  ...['.. ', '. ', ' .', ' ..', '. .', '.. .', '..%20', '%2e%2e%20', '..%2520'],
  ...['.. ;x', '..%20;', ' .?x', '.. #x', '. .?'],
  ...['\ud800', 'a\udc00'],
  'a'.repeat(1025),
];

/** Ordinary texts, and odd ones that every hop leaves where they are. */
export const goodPathValues: readonly string[] = [
  ...['7', 'agt_01ARZ3NDEKTSV4RRFFQ69G5FAV', 'a b', 'v1.2..3', 'foo..bar', '.git', 'a.', '..a', 'a..'],
  ...['...', '....', ' ', '   ', '%20'],
  ...['Müller', 'ß', '日本語', '😀', 'e\u0301', 'שלום', 'a\u00a0b', ' a ', '... a', 'a ..', '. a'],
  ...['50%', '100%', '%', '%%', '%zz', '5%2', 'a%20b', '%41', '%25', '%C3%BC', '%E4', 'a%2Cb', '%25252F'],
  ...[
    'a?b',
    'a#b',
    '#1',
    '?',
    'a;b',
    'a;..',
    'a&b=c',
    'a+b',
    'a:b',
    'a@b.example',
    "it's",
    '(x)*',
    '!',
    '~a',
    '$1',
    'a|b',
  ],
  ...['<b>', '"', '`', '^', '{id}', '{organization_id}', '[1]', ',', '-', '_', 'true', 'null', '__proto__'],
  // Look like dots and slashes to people alone.
  ...['．．／', '․․', '∕', '⁄', '。。', '…', '%uff0e%uff0e', '＼'],
  'a'.repeat(1024),
];
