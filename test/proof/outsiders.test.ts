import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'vitest';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import type { TenantPrincipal } from '../../src/principal.ts';
import { type CursorBinding, createCursors } from '../../src/tool/call/cursor.ts';
import { temporaryDir } from '../support/fresh-start.ts';
import { openSocket } from '../support/kept-socket.ts';
import { rawHttp } from '../support/raw-http.ts';
import { startApp, startTwoTenants } from '../support/start-app.ts';
import { newSeed, oneOf, seededRandom, wholeBetween } from './durability/random.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const MARKER = 'outsider-marker';

/** A document whose every operation is nobody's business. */
function privateDocument(operations: number): string {
  const file = join(temporaryDir(), 'private.json');
  const operation = (index: number) => ({
    operationId: `${MARKER}-${index}`,
    summary: MARKER,
    responses: { 200: { description: 'x' } },
  });
  const paths = Object.fromEntries(
    Array.from({ length: operations }, (_, index) => [`/${MARKER}/${index}`, { get: operation(index) }]),
  );
  writeFileSync(file, JSON.stringify({ openapi: '3.1.0', info: { title: MARKER, version: '1' }, paths }));
  return file;
}

test('nothing that answers a stranger tells of what is configured', async (context) => {
  const operations = trials({ planted: 3, ci: 30, full: 500 });
  const app = await startApp({
    seed: false,
    config: {
      downstreams: [
        {
          prefix: 'own',
          openapi: privateDocument(operations),
          url: 'http://127.0.0.1:9',
          organizationInDocument: false,
          requireOrganizationInReply: false,
          scopes: { methods: { get: 'agent:read' } },
        },
      ],
    },
  });
  const targets = [
    '/openapi.json',
    '/docs',
    '/',
    '/healthz',
    '/readyz',
    '/metrics',
    '/mcp',
    '/absent',
    '/v1/absent',
  ];
  const failures: string[] = [];
  let count = 0;
  for (const target of targets) {
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS', 'DELETE']) {
      const { headers, text } = await rawHttp(app.port, {
        method,
        target,
        ...(method === 'POST' && { body: '{}' }),
      });
      const seen = text + JSON.stringify([...headers]);
      if (/outsider-marker|own_/i.test(seen)) failures.push(`${method} ${target}: ${seen.slice(0, 200)}`);
      count += 1;
    }
  }
  prove(context, {
    id: 'outsiders.documents',
    property: 'no answer to a request without a credential holds a word of what is configured',
    trials: count,
    unit: 'requests',
    failures,
    measured: { operations },
  });
});

test('a cursor opens for nothing but what it was sealed for, and its length tells nothing', async (context) => {
  const count = trials({ planted: 200, ci: 2000, full: 200_000 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const cursors = createCursors(randomBytes(32), () => 0);
  const bindingOf = (): CursorBinding => ({
    principal: {
      tier: 'host-key',
      organization: { id: `org_${wholeBetween(random, 0, 2)}` },
      subjectId: `key_${wholeBetween(random, 0, 2)}`,
    } as unknown as TenantPrincipal, // What a cursor is bound to.
    tool: oneOf(random, ['list_keys', 'list_org_tokens']),
    input: { limit: wholeBetween(random, 1, 2), ...(random() < 0.5 && { status: 'active' }) },
  });
  const lengths = new Set<number>();
  const failures: string[] = [];
  for (let trial = 0; trial < count; trial += 1) {
    const [own, other] = [bindingOf(), bindingOf()];
    const position = String(Math.floor(10 ** wholeBetween(random, 0, 15) * random()));
    const cursor = cursors.seal(position, own);
    lengths.add(cursor.length);
    const isSame = JSON.stringify(own) === JSON.stringify(other);
    const opened = await Promise.resolve()
      .then(() => cursors.open(cursor, other))
      .catch(() => null);
    if (opened !== (isSame ? position : null)) failures.push(`${JSON.stringify([own, other])}: ${opened}`);
  }
  if (lengths.size !== 1) failures.push(`cursors are ${[...lengths].join(', ')} characters long`);
  prove(context, {
    id: 'outsiders.cursors',
    property: 'a cursor opens for its organisation, key, tool and question alone, and all have one length',
    trials: count,
    unit: 'openings',
    failures,
    measured: { seed },
  });
});

test('what becomes of a connection tells no bad key from another', async (context) => {
  const rounds = trials({ planted: 30, ci: 60, full: 5000 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const app = await startTwoTenants({ seed: false });
  const unknown = createKeyFormat('tnt').generate().plaintext;
  const expired = await app.mint(app.acme, { expiresInDays: 1 });
  app.advance(2 * 86_400_000);
  const bad = ['garbage', unknown, `${unknown.slice(0, -2)}00`, expired.plaintext];
  const failures: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const body = JSON.stringify({ text: 'x'.repeat(wholeBetween(random, 0, 30_000)) });
    const target = oneOf(random, ['/mcp', '/v1/keys']);
    const cut = wholeBetween(random, 0, body.length);
    const seen = await Promise.all(
      bad.map(async (key) => {
        const socket = openSocket(app.port);
        const head = `POST ${target} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${key}\r\n`;
        socket.write(
          `${head}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n${body.slice(0, cut)}`,
        );
        await new Promise(setImmediate);
        socket.write(`${body.slice(cut)}GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n`);
        const answers = [await socket.answer(), await socket.answer()];
        socket.close();
        return JSON.stringify(answers);
      }),
    );
    if (new Set(seen).size !== 1 || !seen[0]?.includes('"HTTP/1.1 200'))
      failures.push(`${target}: ${seen.join(' ')}`);
  }
  prove(context, {
    id: 'outsiders.connections',
    property:
      'each refused key is answered with the same bytes, and the next request on its connection is answered',
    trials: rounds * bad.length,
    unit: 'refused requests',
    failures,
    measured: { seed },
  });
});
