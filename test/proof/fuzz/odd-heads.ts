import fc from 'fast-check';
import { mcpBody, mcpHeaders } from '../../support/raw-http.ts';
import { latin1 } from './odd-bodies.ts';
import type { FuzzTarget } from './start-target.ts';

/** A request as raw bytes, and what its author knows of it. */
export type HeadCase = {
  readonly bytes: Buffer;
  /** Whose credential it shows exactly once, in a form that the contract takes, and for whom that speaks; else null. */
  readonly speaksFor: readonly string[];
  /** One request whose end nobody can mistake; it has exactly one answer. */
  readonly isWhole: boolean;
};

type Line = readonly [name: string, value: string];

/** Ways to write a credential of which none counts, each in place of the right line or beside it. */
const credentialLines = (key: string, other: string): readonly (readonly Line[])[] => [
  [
    ['Authorization', `Bearer ${key}`],
    ['Authorization', `Bearer ${key}`],
  ],
  [
    ['Authorization', `Bearer ${key}`],
    ['authorization', `Bearer ${other}`],
  ],
  [
    ['Authorization', `Bearer ${other}`],
    ['AUTHORIZATION', `Bearer ${key}`],
  ],
  [['Authorization', `Bearer ${key},Bearer ${other}`]],
  [['Authorization', `Bearer ${key}, ${other}`]],
  [['Authorization', `Bearer ${key} ${other}`]],
  [['Authorization', `Bearer  ${key}`]],
  [['Authorization', `Bearer\t${key}`]],
  [['Authorization', `Bearer\xa0${key}`]],
  [['Authorization', `Bearer\xc2\xa0${key}`]],
  [['Authorization', `Bearer${key}`]],
  [['Authorization', `Bearer: ${key}`]],
  [['Authorization', `Basic ${key}`]],
  [['Authorization', `Token ${key}`]],
  [['Authorization', key]],
  [['Authorization', `Bearer "${key}"`]],
  [['Authorization', `Bearer ${key};x`]],
  [['Authorization', `Bearer ${key}\xe9`]],
  [['Authorization', `Bearer ${key.toUpperCase()}`]],
  [['Authorization', 'Bearer ']],
  [['Authorization', '']],
  [
    ['Authorization', `Bearer ${key}`],
    ['X-API-Key', key],
  ],
  [
    ['Authorization', `Bearer ${key}`],
    ['X-Api-Key', other],
  ],
  [
    ['X-API-Key', key],
    ['x-api-key', other],
  ],
  [['X-API-Key', `${key},${other}`]],
  [['X-API-Key', `Bearer ${key}`]],
  [['X_API_Key', key]],
  [['Proxy-Authorization', `Bearer ${key}`]],
  [['Cookie', `authorization=Bearer ${key}`]],
  [['Authorization_', `Bearer ${key}`]],
  [['X-Authorization', `Bearer ${key}`]],
  [
    ['constructor', key],
    ['__proto__', `Bearer ${key}`],
  ],
  [],
];

const rightCredentials = (key: string): readonly (readonly Line[])[] => [
  [['Authorization', `Bearer ${key}`]],
  [['AUTHORIZATION', `bearer ${key}`]],
  [['authorization', `BEARER ${key}`]],
  [['X-API-Key', key]],
  [['x-api-key', `  ${key}\t`]],
];

/** Other headers that must change nothing of who is asked for. */
const bystanders = (organizationId: string): readonly Line[] => [
  ['X_Organization_Id', organizationId],
  ['X-Organization-Id_', organizationId],
  ['Organization-Id', organizationId],
  ['X-Org-Id', organizationId],
  ['X-Tenant-Id', organizationId],
  ['X-Original-URL', '/admin/organizations'],
  ['X-HTTP-Method-Override', 'DELETE'],
  ['X-Forwarded-Host', 'evil.example'],
  ['X-Forwarded-For', '127.0.0.1, ::1'],
  ['Forwarded', 'for=127.0.0.1;host=evil'],
  ['__proto__', 'x'],
  ['constructor', 'x'],
  ['toString', 'x'],
  ['X-\xe9', '\xff\xfe'],
  ['X-Emoji', latin1('😀')],
  ['Traceparent', '00-x'],
  ['X-On-Behalf-Of', '\t\x80'],
  ['Mcp-Session-Id', '\xff'],
  ['Expect', '100-continue'],
  ['Upgrade', 'websocket'],
  ['Connection', 'Upgrade, Authorization, X-Organization-Id'],
  ['TE', 'trailers'],
  ['Trailer', 'Authorization'],
  ['Range', 'bytes=0-1'],
  ['X-Long', 'x'.repeat(17 * 1024)],
  ['X-Half', 'x'.repeat(8 * 1024)],
];

/** Raw lines that may break the head or move the end of the body. */
const framing: readonly string[] = [
  'Content-Length: 0',
  'Content-Length: 5',
  'Content-Length: +3',
  'Content-Length: 0x10',
  'Content-Length: 3, 3',
  'Content-Length : 3',
  'Transfer-Encoding: chunked',
  'Transfer-Encoding: xchunked',
  'Transfer-Encoding: chunked, identity',
  'Transfer-Encoding:\x0bchunked',
  'Transfer-Encoding : chunked',
  'X: a\r\n folded',
  ' Authorization: folded',
  'X : a',
  'X\0: a',
  'X: a\0b',
  'X: a\rb',
  'X: a\nAuthorization: Bearer x',
  ':',
  'no colon',
  '\x80\xff: x',
  'GET /v1/whoami HTTP/1.1',
];

const hosts = ['localhost', '127.0.0.1', '127.0.0.1:80', '[::1]', 'LOCALHOST:8080'];
const oddHosts = [
  '',
  'a b',
  'localhost/x?y=',
  'localhost:99999',
  'localhost.',
  '127.1',
  '0x7f.1',
  'evil.example',
  'localhost@evil',
  'localhost,evil',
  '[::1',
  '::1',
  'localhost\xe9',
  'xn--localhost',
  'localhost:80:80',
  'localhost#',
  '2130706433',
];

/** Raw requests for `whoami`, correct except for up to a few parts of their head. */
export function headCases({ keys, acme, bolt }: FuzzTarget): fc.Arbitrary<HeadCase> {
  const owners = [
    { key: keys.canonical, ids: [acme.id] },
    { key: keys.searching, ids: [acme.id] },
    { key: keys.other, ids: [bolt.id] },
    { key: keys.host, ids: [acme.id, bolt.id] },
  ];
  const owner = fc.constantFrom(...owners);
  const named = [
    ...[acme.id, acme.id, acme.id, bolt.id, bolt.id],
    'org_01ARZ3NDEKTSV4RRFFQ69G5FAV',
    acme.id.toLowerCase(),
    `${acme.id},${acme.id}`,
    ' ',
    'x',
  ];
  const few = (texts: readonly string[], maxLength: number) =>
    fc.array(fc.constantFrom(...texts), { maxLength });
  const credential = fc
    .record({ owner, isRight: fc.integer({ min: 0, max: 2 }), at: fc.nat(1000) })
    .map(({ owner: who, isRight, at }) => {
      const forms = isRight > 0 ? rightCredentials(who.key) : credentialLines(who.key, keys.unknown);
      return { lines: forms[at % forms.length] ?? [], speaksFor: isRight > 0 ? who.ids : [] };
    });
  const rarely = <T>(arbitrary: fc.Arbitrary<T>, usual: T, weight = 8): fc.Arbitrary<T> =>
    fc.oneof({ weight, arbitrary: fc.constant(usual) }, { weight: 1, arbitrary });
  return fc
    .record({
      credential,
      named: few(named, 2),
      bystanders: fc.array(fc.constantFrom(...bystanders(bolt.id)), { maxLength: 3 }),
      framing: rarely(few(framing, 2), [], 3),
      many: rarely(fc.constantFrom(300, 1500, 2500), 0, 200),
      host: rarely(fc.constantFrom(...oddHosts), 'localhost', 12),
      version: rarely(
        fc.constantFrom('HTTP/1.0', 'HTTP/2.0', 'HTTP/0.9', 'HTTP/1.1 ', 'http/1.1'),
        'HTTP/1.1',
        20,
      ),
      target: fc.constantFrom('/mcp', '/v1/whoami', '/v1/whoami'),
      form: rarely(
        fc.constantFrom('http://localhost', 'http://evil.example', '//localhost', 'localhost:1', ' '),
        '',
        20,
      ),
      end: rarely(fc.constantFrom('\n', '\r'), '\r\n', 20),
      order: fc.nat(5),
      noise: rarely(fc.tuple(fc.nat(1000), fc.nat(255)), undefined, 12),
      isTwice: rarely(fc.constant(true), false, 12),
    })
    .map((drawn) => {
      const one = rawRequestOf(drawn);
      const text = drawn.isTwice ? one + one : one;
      const speaksFor = drawn.noise === undefined ? answerable(drawn) : answerableIn(one, owners);
      return { bytes: Buffer.from(text, 'latin1'), speaksFor, isWhole: isWhole(drawn) };
    });
}

type Drawn = {
  readonly credential: { readonly lines: readonly Line[]; readonly speaksFor: readonly string[] };
  readonly named: readonly string[];
  readonly bystanders: readonly Line[];
  readonly framing: readonly string[];
  readonly many: number;
  readonly host: string;
  readonly version: string;
  readonly target: string;
  readonly form: string;
  readonly end: string;
  readonly order: number;
  readonly noise: [number, number] | undefined;
  readonly isTwice: boolean;
};

const isWhole = (drawn: Drawn): boolean =>
  drawn.framing.length === 0 &&
  drawn.noise === undefined &&
  !drawn.isTwice &&
  drawn.form === '' &&
  drawn.version === 'HTTP/1.1' &&
  drawn.end === '\r\n';

/** The organisations that a 2xx answer may name; a broken head may only lead to fewer. */
function answerable({ credential, named, host }: Drawn): readonly string[] {
  const [name, ...more] = named.map((each) => each.trim());
  if (more.length > 0 || !hosts.includes(host)) return [];
  if (name !== undefined) return credential.speaksFor.filter((id) => id === name);
  return credential.speaksFor.length === 1 ? credential.speaksFor : [];
}

type Owner = { readonly key: string; readonly ids: readonly string[] };

/** The same, of a head in which one byte became another: a doubled header may have become two. */
function answerableIn(text: string, owners: readonly Owner[]): readonly string[] {
  const values = (name: string) =>
    [...text.matchAll(new RegExp(`^${name}:[ \\t]*([^\\r\\n]*?)[ \\t]*$`, 'gim'))].map(
      ([, value = '']) => value,
    );
  const bearers = values('authorization').map((value) => value.replace(/^bearer /i, ''));
  const [shown, ...others] = [...bearers, ...values('x-api-key')];
  const [name, ...more] = values('x-organization-id');
  const ids = others.length > 0 ? [] : (owners.find(({ key }) => key === shown)?.ids ?? []);
  if (name !== undefined) return more.length > 0 ? [] : ids.filter((id) => id === name);
  return ids.length === 1 ? ids : [];
}

function rawRequestOf({
  credential,
  named,
  bystanders: others,
  framing: broken,
  many,
  host,
  version,
  target,
  form,
  end,
  order,
  noise,
}: Drawn): string {
  const isMcp = target === '/mcp';
  const body = isMcp ? mcpBody('tools/call', { name: 'whoami', arguments: {} }) : '';
  const lines = [
    `Host: ${host}`,
    ...(isMcp ? mcpHeaders('tools/call', 'whoami') : []).map(asLine),
    ...credential.lines.map(asLine),
    ...named.map((id) => `X-Organization-Id: ${id}`),
    ...others.map(asLine),
    ...Array.from({ length: many }, () => 'a:b'),
    ...(isMcp ? [`Content-Length: ${body.length}`] : []),
  ];
  lines.splice(order, 0, ...broken);
  const first = `${isMcp ? 'POST' : 'GET'} ${form}${target} ${version}`;
  const whole = `${[first, ...lines].join(end)}${end}${end}${body}`;
  if (noise === undefined) return whole;
  const index = noise[0] % whole.length;
  return whole.slice(0, index) + String.fromCharCode(noise[1]) + whole.slice(index + 1);
}

const asLine = ([name, value]: Line): string => `${name}: ${value}`;
