import fc from 'fast-check';
import { mcpBody, mcpHeaders } from '../../support/raw-http.ts';
import { type FuzzCase, latin1, requestBytes } from './odd-bodies.ts';
import type { FuzzTarget } from './start-target.ts';

/** What the request says of its organisation, as the bytes that are sent. */
type Signals = { readonly header: string | undefined; readonly segment: string | undefined };

export type OrganizationCase = FuzzCase & Signals & { readonly isHost: boolean };

const wellFormed = /^org_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

const fixed = [
  '',
  ' ',
  'org_',
  'org_%',
  'org_*',
  'ORG_İ',
  'org_ſ',
  'org_\u212a',
  '%',
  '_',
  '*',
  'null',
  'undefined',
  'constructor',
  '__proto__',
  'hasOwnProperty',
  'default',
  '0',
  '[]',
  '["org_01ARZ3NDEKTSV4RRFFQ69G5FAV"]',
  "' OR '1'='1",
  'org_01ARZ3NDEKTSV4RRFFQ69G5FAV',
  'org_81ARZ3NDEKTSV4RRFFQ69G5FAV',
  'org_01ARZ3NDEKTSV4RRFFQ69G5FAI',
  '../admin',
  'x'.repeat(1000),
];

/** Look-alikes: one of them in place of a letter is another id, however a store folds it. */
const folded: readonly (readonly [plain: RegExp, like: string])[] = [
  [/[0-9]/g, '\uff10'],
  [/0/g, 'O'],
  [/1/g, 'I'],
  [/K/g, '\u212a'],
  [/S/g, '\u017f'],
  [/[A-Z]/g, '%'],
  [/[A-Z]/g, '_'],
  [/[A-Z]/g, '*'],
  [/o/g, '\u043e'],
  [/_/g, '-'],
];

type Change = (id: string, at: number) => string;

const replaceAt = (id: string, at: number, put: (found: string) => string): string => {
  const index = at % id.length;
  return id.slice(0, index) + put(id.charAt(index)) + id.slice(index + 1);
};

const changes: readonly Change[] = [
  (id) => id,
  (id) => id.toLowerCase(),
  (id) => id.toUpperCase(),
  (id, at) => replaceAt(id, at, (letter) => letter.toLowerCase()),
  (id, at) => replaceAt(id, at, (letter) => `%${letter.charCodeAt(0).toString(16)}`),
  (id, at) => replaceAt(id, at, () => ''),
  (id, at) => replaceAt(id, at, (letter) => letter + letter),
  (id, at) => replaceAt(id, at, () => String.fromCharCode(33 + (at % 94))),
  (id, at) => replaceAt(id, at, () => String.fromCharCode(at % 0x800)),
  (id, at) => replaceAt(id, at, (letter) => `${letter}\u0301`),
  (id, at) => replaceAt(id, at, (letter) => `\u200b${letter}`),
  (id) => `${id} `,
  (id) => ` ${id}\t`,
  (id) => `${id}\u00a0`,
  (id) => `${id}\0`,
  (id) => `${id}%00`,
  (id) => `${id},${id}`,
  (id) => `${id}, `,
  (id) => `"${id}"`,
  (id) => `[${id}]`,
  (id) => `${id}/`,
  (id) => `./${id}`,
  (id) => `${id};x`,
  (id) => `${id}?x=1`,
  (id) => `${id}#x`,
  (id, at) => {
    const [plain, like] = folded[at % folded.length] ?? [/x/g, ''];
    return id.replace(plain, like);
  },
];

/** A request for `whoami` that names an organisation, in the header, the URL or both. */
export function organizationCases({ keys, acme, bolt }: FuzzTarget): fc.Arbitrary<OrganizationCase> {
  const base = fc.constantFrom(acme.id, acme.id, bolt.id);
  const text = fc.oneof(
    {
      weight: 6,
      arbitrary: fc
        .tuple(base, fc.constantFrom(...changes), fc.nat(10_000))
        .map(([id, change, at]): string => change(id, at)),
    },
    { weight: 2, arbitrary: fc.constantFrom(...fixed) },
    { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
    { weight: 1, arbitrary: fc.string({ unit: 'binary-ascii', maxLength: 40 }) },
  );
  const optional = fc.option(text.map(latin1), { nil: undefined, freq: 3 });
  // A line of its own would be another header; that is tried among the headers.
  const headers = optional.map((sent) => sent?.replaceAll(/[\r\n]/g, ''));
  const segments = optional.map((sent) => sent?.replaceAll(/[\s\0]/g, '+'));
  return fc
    .record({ header: headers, segment: segments, isHost: fc.boolean() })
    .map(({ header, segment, isHost }) => {
      const target = segment === undefined ? '/mcp' : `/o/${segment}/mcp`;
      const sent = [
        ...mcpHeaders('tools/call', 'whoami'),
        ['Authorization', `Bearer ${isHost ? keys.host : keys.canonical}`],
        ...(header === undefined ? [] : [['X-Organization-Id', header]]),
      ];
      const body = mcpBody('tools/call', { name: 'whoami', arguments: {} });
      return {
        protocol: isSegment(segment) ? 'mcp' : 'rest',
        header,
        segment,
        isHost,
        bytes: requestBytes(`POST ${target} HTTP/1.1`, sent, body),
      };
    });
}

/** What the contract has for such signals: the organisation that answers, or codes of which one must come. */
export function expectedFor(
  { header, segment, isHost }: OrganizationCase,
  { acme, bolt }: Pick<FuzzTarget, 'acme' | 'bolt'>,
): { readonly organizationId: string } | { readonly codes: readonly string[] } {
  // The parser refuses such bytes before anything of ours is asked; white space around a value is none of it.
  if (hasByte(header, (byte) => (byte < 32 && byte !== 9) || byte === 127)) return { codes: ['400'] };
  if (hasByte(segment, (byte) => byte <= 32 || byte >= 127)) return { codes: ['400'] };
  if (!isSegment(segment)) return { codes: ['NOT_FOUND', 'METHOD_NOT_ALLOWED'] };
  const named = [header?.replaceAll(/^[ \t]+|[ \t]+$/g, ''), segment].filter((each) => each !== undefined);
  if (!named.every((each) => wellFormed.test(each))) return { codes: ['INVALID_ORGANIZATION_HEADER'] };
  if (isHost && named.length === 0) return { codes: ['ORGANIZATION_REQUIRED'] };
  const own = isHost ? [acme.id, bolt.id].find((id) => id === named[0]) : acme.id;
  if (own === undefined || named.some((each) => each !== own)) return { codes: ['ORGANIZATION_MISMATCH'] };
  return { organizationId: own };
}

const hasByte = (text = '', is: (byte: number) => boolean): boolean => Buffer.from(text, 'latin1').some(is);

/** What cuts a segment in two makes another path. */
export const isSegment = (text: string | undefined): boolean => !/[/?]/.test(text ?? '');
