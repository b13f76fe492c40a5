import type { PlantedBug } from './planted-bug.ts';

const file = 'src/downstream/path-value.ts';
const proof = 'next-hop';

/** Ways in which a value leaves its segment at a proxy that decodes: it reads, writes and deletes what is another's. */
export const nextHopBugs: readonly PlantedBug[] = [
  {
    name: 'slash-in-a-segment',
    harm: 'a caller names another organisation by ..%2F behind a proxy that decodes',
    file,
    find: 'if (parts.length > 1 && !mayHoldSlashes)',
    replace: 'if (parts.length < 1 && !mayHoldSlashes)',
    proof,
  },
  {
    name: 'backslash-in-a-segment',
    harm: 'a platform that reads a path as browsers do takes a backslash for a slash',
    file,
    find: '/[\\\\\\x00-\\x1f\\x7f]|',
    replace: '/[\\x00-\\x1f\\x7f]|',
    proof,
  },
  {
    name: 'dots-before-a-semicolon',
    harm: 'a server of Java cuts off what follows ";" and resolves the dots before it',
    file,
    find: '[. ]+)(?:;|$)|',
    replace: '[. ]+)$|',
    proof,
  },
  {
    name: 'decoding-not-looked-at',
    harm: 'where one hop decodes and the next resolves dots, an encoded value climbs out of its segment',
    file: 'src/downstream/percent-decoding.ts',
    find: 'const MORE_DECODINGS = 2;',
    replace: 'const MORE_DECODINGS = 0;',
    proof,
  },
  {
    name: 'second-decoding-not-looked-at',
    harm: 'where two hops decode and the next resolves dots, a value that is encoded twice climbs out',
    file: 'src/downstream/percent-decoding.ts',
    find: 'const MORE_DECODINGS = 2;',
    replace: 'const MORE_DECODINGS = 1;',
    proof,
  },
  {
    name: 'parts-between-slashes-unread',
    harm: 'a parameter that takes slashes takes ".." among them, and reaches operations that were never exposed',
    file,
    find: 'if (parts.some((part) => noName.test(part)))',
    replace: 'if (!mayHoldSlashes && parts.some((part) => noName.test(part)))',
    proof,
  },
  {
    name: 'segment-of-two-values-unread',
    harm: 'two values side by side make together what each may not be alone',
    file: 'src/downstream/path.ts',
    find: '  requireNone(first.label, refusalOfSegment(text, mayHoldSlashes));\n',
    replace: '  void [refusalOfSegment, mayHoldSlashes];\n',
    proof,
  },
  {
    name: 'organisation-not-held',
    harm: "an organisation that the platform calls a/b or ../b reaches another one's path",
    file: 'src/downstream/organization/write-organization.ts',
    find: 'const { text, segments } = pathOf(basePath + path.text, (name) => (names.has(name) ? own : undefined));',
    replace: `const text = (basePath + path.text).replaceAll(/\\{(\\w+)\\}/g, (place, name) =>
    names.has(name) ? encodeURIComponent(own.text) : place,
  );
  const segments = text.split('/').length;
  void pathOf;`,
    proof,
  },
];
