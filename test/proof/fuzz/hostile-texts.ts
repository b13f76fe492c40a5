const MEBIBYTE = 1024 * 1024;

const filled = (piece: string, length = MEBIBYTE): string => piece.repeat(Math.ceil(length / piece.length));

/** Texts over which a careless pattern walks back and forth: a long beginning that fits, and an end that does not. */
export const hostileTexts = (length = MEBIBYTE): readonly string[] =>
  [
    ['', 'a', ''],
    ['', 'a', '!'],
    ['', ' ', 'x'],
    ['', '\t ', '\n'],
    ['', '0', 'x'],
    ['-', '1', '.'],
    ['', '1.', 'x'],
    ['', '1:', '/'],
    ['', '::', '::'],
    ['', 'ffff:', 'g'],
    ['1.2.3.4/', '0', ''],
    ['', 'a.', '@'],
    ['', 'a@', ''],
    ['', 'a-', '.'],
    ['a@', 'a.', ''],
    ['a@', 'a-', '!'],
    ['2026-01-01T', '0', 'Z'],
    ['2026-01-01T00:00:00.', '0', '!'],
    ['org_', '0', ''],
    ['org_', 'Z', ' '],
    ['tnt_', 'A', '_'],
    ['', 'tnt_', ''],
    ['', 'tnt_aaaaaaaa_', ''],
    ['', 'aw', '_'],
    ['bearer ', '=', 'x'],
    ['', '=', ''],
    ['', '%7', ''],
    ['', '%2525', ''],
    ['', '/', ''],
    ['', '(', ''],
    ['', '"', ''],
    ['', 'a b', ''],
    ['', '\u00e9\u0301', ''],
    // In lower case it is longer, which is slow.
    ['', '\u0130', ''],
    ['', '\u{1f600}', ''],
    ['', '\0', ''],
    ['', '\\', ''],
    ['', ',', ''],
    ['', 'organization_id', ''],
  ].map(([start = '', piece = '', end = '']) => start + filled(piece, length) + end);

/** The same as whole bodies of JSON, or what looks like them. */
export const hostileJson: readonly string[] = [
  `"${filled('\\"')}`,
  `"${filled('\\\\')}"`,
  filled(':'),
  filled('"'),
  filled('{}'),
  `[${filled('[],', 500_000)}[]]`,
  `[${filled('0,')}0]`,
  filled('\0'),
  `{"a":${filled(' ')}1}`,
  filled('1'),
  `-${filled('0')}`,
  filled('1e'),
];
