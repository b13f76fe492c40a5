import { expect, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { requestJson } from '../../support/http.ts';
import { type KeptAnswer, openSocket } from '../../support/kept-socket.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { mcpBody, mcpHeaders, type RawHeader } from '../../support/raw-http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

type Form = { readonly method: string; readonly target: string; readonly headers: readonly RawHeader[] };

const json: RawHeader = ['Content-Type', 'application/json'];
const accept: RawHeader = ['Accept', 'application/json, text/event-stream'];
const asked = { name: 'whoami', arguments: {} };
const message2025 = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: asked });

/** Where a credential is shown, each with a body as its clients send it. */
const forms: readonly (Form & { readonly body: string })[] = [
  {
    method: 'POST',
    target: '/mcp',
    headers: mcpHeaders('tools/call', 'whoami'),
    body: mcpBody('tools/call', asked),
  },
  { method: 'POST', target: '/mcp', headers: [json, accept], body: message2025 },
  { method: 'POST', target: '/v1/keys', headers: [json], body: '{"scope_type":"global","name":"x"}' },
  { method: 'POST', target: '/admin/organizations', headers: [json], body: '{"name":"x"}' },
  { method: 'GET', target: '/v1/whoami', headers: [], body: '' },
  { method: 'GET', target: '/openapi.json', headers: [], body: '' },
  { method: 'DELETE', target: '/v1/keys/key_x', headers: [], body: '' },
];

const headOf = ({ method, target, headers }: Form, key: string, ...more: string[]): string =>
  [
    `${method} ${target} HTTP/1.1`,
    'Host: localhost',
    `Authorization: Bearer ${key}`,
    ...headers.map(([name, value]) => `${name}: ${value}`),
    ...more,
    '\r\n',
  ].join('\r\n');

/** A request with its body, if it has one, in one piece. */
const whole = (form: Form & { readonly body: string }, key: string): string =>
  form.body === ''
    ? headOf(form, key)
    : `${headOf(form, key, `Content-Length: ${form.body.length}`)}${form.body}`;

const padded = (body: string, length: number): string => body + ' '.repeat(length);
const chunk = (text: string): string => `${text.length.toString(16)}\r\n${text}\r\n`;

/** Keys that are no good, each for a reason of its own, and one that is. */
async function startWithBadKeys() {
  const app = await startTwoTenants({ seed: false, env: { ADMIN_TOKEN } });
  const { plaintext: good } = await app.mint(app.acme, { scopes: ['key:write'] });
  const { plaintext: manager } = await app.mint(app.acme, {
    scopes: ['key:write', 'member:write', 'member:read'],
  });
  const revoked = await app.mint(app.acme);
  await requestJson(`${app.url}/v1/keys/${revoked.id}`, { method: 'DELETE', key: manager });
  const send = async (method: string, path: string, body: object) =>
    (await requestJson(`${app.url}/v1/${path}`, { method, key: manager, body })).body;
  const { user_id } = (await send('POST', 'members', { name: 'Ada' })).member;
  const owned = await send('POST', 'keys', { scope_type: 'user', user_id, name: 'x', scopes: [] });
  await send('PATCH', `members/${user_id}`, { active: false });
  const expired = await app.mint(app.acme, { expiresInDays: 1 });
  app.advance(2 * 86_400_000);
  const ended = await app.provision('Ended');
  const admin = { method: 'DELETE', headers: { 'x-break-glass-reason': 'test' }, key: ADMIN_TOKEN };
  await requestJson(`${app.url}/admin/organizations/${ended.id}`, admin);
  const unknown = createKeyFormat('tnt').generate().plaintext;
  const bad: Readonly<Record<string, string>> = {
    garbage: 'garbage',
    'a bad checksum': `${unknown.slice(0, -1)}${unknown.endsWith('0') ? '1' : '0'}`,
    'another brand': createKeyFormat('other').generate().plaintext,
    unknown,
    revoked: revoked.plaintext,
    expired: expired.plaintext,
    'of an owner who is inactive': owned.auth_token,
    'of an organisation that was deleted': ended.defaultKey,
  };
  return { app, good, bad };
}

const isKept = ({ head }: KeptAnswer): boolean => !/^connection: close$/im.test(head);

test('every bad key gets one answer, byte for byte, and keeps its connection', async () => {
  const { app, good, bad } = await startWithBadKeys();
  const next = headOf({ method: 'GET', target: '/v1/whoami', headers: [] }, good);
  const sendings: readonly [string, (form: (typeof forms)[number], key: string) => readonly string[]][] = [
    ['in one piece', (form, key) => [whole(form, key)]],
    ['with the next behind it', (form, key) => [whole(form, key) + next]],
    [
      'with a large body',
      (form, key) => [whole({ ...form, body: form.body && padded(form.body, 300_000) }, key)],
    ],
    [
      'head first',
      (form, key) => {
        const body = form.body && padded(form.body, 40_000);
        const head = headOf(form, key, ...(body ? [`Content-Length: ${body.length}`] : []));
        return body ? [head, body.slice(0, 10), body.slice(10)] : [head];
      },
    ],
    [
      'in chunks',
      (form, key) => [
        headOf(form, key, 'Transfer-Encoding: chunked'),
        chunk(form.body),
        chunk(' '.repeat(5000)),
        '0\r\n\r\n',
      ],
    ],
  ];
  // In the first round each refusal is written to the audit, in the second those of unknown keys no longer are.
  for (const round of ['within the budget', 'beyond it']) {
    for (const form of forms) {
      const ways = round === 'beyond it' ? (form.body === '' ? 2 : sendings.length) : 1;
      for (const [how, pieces] of sendings.slice(0, ways)) {
        const answers = new Map<string, string[]>();
        for (const [what, key] of Object.entries(bad)) {
          const socket = openSocket(app.port);
          for (const piece of pieces(form, key)) {
            socket.write(piece);
            await new Promise(setImmediate);
          }
          const refused = await socket.answer();
          if (!how.startsWith('with the next')) socket.write(next);
          const after = await socket.answer();
          const seen = JSON.stringify([refused, after?.head.slice(0, 12)]);
          answers.set(seen, [...(answers.get(seen) ?? []), what]);
          expect([
            round,
            form.target,
            how,
            what,
            refused?.head.slice(0, 12),
            refused && isKept(refused),
            after?.head.slice(0, 15),
          ]).toEqual([round, form.target, how, what, 'HTTP/1.1 401', true, 'HTTP/1.1 200 OK']);
        }
        expect([...answers.values()]).toEqual([Object.keys(bad)]);
      }
    }
  }
});

test('a body that is too large, or does not come, closes the connection of every bad key alike', async () => {
  const { app, bad } = await startWithBadKeys();
  const form = forms[2] ?? forms[0];
  if (form === undefined) throw new Error('no form');
  const heads = [`Content-Length: ${2 * 1024 * 1024}`, 'Content-Length: 100', 'Transfer-Encoding: chunked'];
  for (const head of heads) {
    const seen = await Promise.all(
      Object.values(bad).map(async (key) => {
        const socket = openSocket(app.port);
        socket.write(headOf(form, key, head));
        const answer = await socket.answer();
        return { answer, after: await socket.answer() };
      }),
    );
    for (const { answer, after } of seen) {
      expect([head, answer?.head.slice(0, 12), answer && isKept(answer), after]).toEqual([
        head,
        'HTTP/1.1 401',
        false,
        null,
      ]);
    }
    expect(new Set(seen.map((each) => JSON.stringify(each))).size).toBe(1);
  }
});
