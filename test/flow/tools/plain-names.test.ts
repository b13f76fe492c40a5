import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { defineTool } from '../../../src/tool/define-tool.ts';
import { tools as shippedTools } from '../../../tools/index.ts';
import { runHere } from '../../cli/in-process.ts';
import { writeConfig } from '../../support/fresh-start.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN, asOperator } from '../../support/operator.ts';
import { refusalIn } from '../../support/refusal.ts';
import { startApp, type TestApp } from '../../support/start-app.ts';

/** Each with the character that the refusal names. */
const refused: readonly (readonly [string, string])[] = [
  ['a\u001b[31m', '<U+001B>'],
  ['a\u009b31m', '<U+009B>'],
  ['a\nb', '<U+000A>'],
  ['a\u2028b', '<U+2028>'],
  ['\u202egnihtyreve', '<U+202E>'],
  ['a\u2066b', '<U+2066>'],
  ['a\u200eb', '<U+200E>'],
  ['a\u{e0041}b', '<U+E0041>'],
  ['a\u200bb', '<U+200B>'],
  ['a\ufeffb', '<U+FEFF>'],
  ['a\u00adb', '<U+00AD>'],
  ['\u3164', '<U+3164>'],
  ['\uffa0', '<U+FFA0>'],
  ['a\u2800', '<U+2800>'],
  ['a\ud800b', '<U+D800>'],
  ['a\u200d', '<U+200D>'],
  ['a\u200d\u200db', '<U+200D>'],
  ['a\ufe00\ufe01', '<U+FE01>'],
];

const welcome = [
  ...[
    'Åsa Öberg',
    'Łódź 3',
    '研究グループ',
    '山田　太郎',
    'فريق البحث',
    'می‌خواهم',
    'हिन्दी',
    'ക്‍',
    '葛\u{e0100}城',
  ],
  ...[
    '👩‍💻 Team',
    '❤️‍🔥',
    '👨‍👩‍👧',
    '🏴\u{e0067}\u{e0062}\u{e0065}\u{e006e}\u{e0067}\u{e007f}',
    '1️⃣',
    'Ａ１',
    'e\u0301',
    'a\u00a0b',
    '⠓⠑⠇⠇⠕⠀⠺',
  ],
];

async function start() {
  const app = await startApp({ seed: false, env: { ADMIN_TOKEN } });
  const acme = await app.provision('Acme');
  const { scopes } = app.services.mintRules.catalogue;
  const { plaintext: key, id } = await app.mint(acme, { scopes: [...scopes] });
  return { ...app, acme, key, id };
}
type Started = Awaited<ReturnType<typeof start>>;

const post = (app: Started, path: string, body: object, method = 'POST') =>
  requestJson(app.url + path, { key: app.key, body, method });

const admin = (app: TestApp, path: string, body: object) => asOperator(app, path, { method: 'POST', body });

/** Every place where a text is kept that is shown to others, by its path in the arguments. */
const places: readonly (readonly [string, (app: Started, text: string) => ReturnType<typeof requestJson>])[] =
  [
    ['name', (app, name) => post(app, '/v1/keys', { scope_type: 'global', name })],
    ['owner', (app, owner) => post(app, '/v1/keys', { scope_type: 'global', name: 'x', owner })],
    ['purpose', (app, purpose) => post(app, '/v1/keys', { scope_type: 'global', name: 'x', purpose })],
    ['name', (app, name) => callTool(app.url, app.key, 'mint_key', { scope_type: 'global', name })],
    ['owner', (app, owner) => callTool(app.url, app.key, 'update_key', { key_id: app.id, owner })],
    ['name', (app, name) => post(app, `/v1/keys/${app.id}`, { name }, 'PATCH')],
    ['purpose', (app, purpose) => post(app, `/v1/keys/${app.id}`, { purpose }, 'PATCH')],
    ['name', (app, name) => post(app, '/org/tokens', { name })],
    ['name', (app, name) => post(app, '/v1/members', { name })],
    ['name', (app, name) => post(app, '/v1/groups', { name, permissions: [] })],
    [
      'permissions.0',
      (app, word) => post(app, '/v1/groups', { name: `g ${randomUUID()}`, permissions: [word] }),
    ],
    ['name', (app, name) => admin(app, '/admin/organizations', { name })],
    ['name', (app, name) => admin(app, '/admin/host-keys', { name, organization_ids: [app.acme.id] })],
  ];

test('a name with a character that nobody sees is refused on every surface, which says the character', async () => {
  const app = await start();
  for (const [path, send] of places) {
    for (const [text, character] of refused) {
      const { code, issues } = refusalIn(await send(app, text)) ?? {};
      const label = `${path} ${JSON.stringify(text)}`;
      expect([label, code, issues?.[0]?.path], label).toEqual([label, 'VALIDATION_ERROR', path]);
      expect(issues[0].expected, label).toContain(character);
    }
    expect(refusalIn(await send(app, ' \u00a0\u3000'))?.code, path).toBe('VALIDATION_ERROR');
  }
  const kept = await app.services.store.organizations.list({ limit: 100 });
  expect(kept.map(({ name }) => name)).toEqual(['Acme']);
});

test('a tool of the operator’s own keeps no other name', async () => {
  const minting = defineTool({
    name: 'mint_named',
    title: 'Mint',
    description: 'Mints, and adds a person and a group, of any name.',
    scope: 'any',
    effect: 'writes',
    input: z.strictObject({ what: z.enum(['key', 'member', 'group']), name: z.string() }),
    output: z.object({}),
    async handle({ what, name }, { keys, members }) {
      if (what === 'key') await keys.mint({ scopeType: 'global', name });
      if (what === 'member') await members.add({ name, email: null, role: 'member' });
      if (what === 'group') await members.groups.create({ name, permissions: [] });
      return {};
    },
  });
  const app = await startApp({ seed: false, tools: [...shippedTools, minting] });
  const acme = await app.provision('Acme');
  const { scopes } = app.services.mintRules.catalogue;
  const { plaintext: key } = await app.mint(acme, { scopes: [...scopes] });
  for (const what of ['key', 'member', 'group']) {
    const bad = await callTool(app.url, key, 'mint_named', { what, name: 'a\u202e' });
    expect([what, refusalIn(bad)?.code, refusalIn(bad)?.issues?.[0]?.expected]).toEqual([
      what,
      'VALIDATION_ERROR',
      expect.stringContaining('<U+202E>'),
    ]);
    expect(
      refusalIn(await callTool(app.url, key, 'mint_named', { what, name: '研究 👩‍💻' })),
      what,
    ).toBeUndefined();
  }
});

test('names in every script and emoji are welcome on every surface, as they were sent', async () => {
  const app = await start();
  for (const [index, [path, send]] of places.entries()) {
    for (const text of welcome) {
      const answer = await send(app, text);
      expect(refusalIn(answer), `${index} ${path} ${text}`).toBeUndefined();
      expect(answer.text, `${index} ${path} ${text}`).toContain(JSON.stringify(text).slice(1, -1));
    }
  }
});

test('the first organisation and the reason of the operator are named with characters that are seen', async () => {
  const empty = await startApp({ seed: false });
  const { code } = empty.services.bootstrap;
  const bootstrap = (organization: string) =>
    requestJson(`${empty.url}/admin/bootstrap`, { body: { organization, code } });
  expect(refusalIn(await bootstrap('A\u202e')).issues[0].expected).toContain('<U+202E>');
  expect((await bootstrap('研究 👩‍💻')).status).toBe(201);

  const app = await start();
  const because = async (reason: string) => {
    // People write in UTF-8, a byte for each character of the header.
    const header = Buffer.from(reason).toString('latin1');
    return refusalIn(await asOperator(app, '/admin/organizations', { reason: header }));
  };
  expect(await because('Störung 研究')).toBeUndefined();
  for (const [text, character] of refused) {
    // The rest cannot be sent: no header holds it, or UTF-8 does not.
    if (/\p{Cs}/u.test(text) || [...text].some((each) => each < ' ')) continue;
    expect((await because(text))?.message, character).toContain(character);
  }
});

test('the command line takes and refuses the same names', async () => {
  const { dir, file } = writeConfig({ logLevel: 'silent' });
  const run = (...args: string[]) => runHere(args, { TENANTRY_CONFIG: file }, dir);
  for (const [text, character] of refused) {
    const { code, stderr } = await run('orgs', 'create', text);
    expect([code, stderr], character).toEqual([2, expect.stringContaining(character)]);
  }
  for (const text of welcome.slice(0, 3)) {
    const { stdout } = await run('orgs', 'create', text, '--json');
    expect(JSON.parse(stdout).organization.name).toBe(text);
  }
});
