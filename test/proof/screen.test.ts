import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { loadConfig } from '../../src/config/load-config.ts';
import { prepareTools } from '../../src/tool-sources/prepare-tools.ts';
import { platformTools, tools as shippedTools } from '../../tools/index.ts';
import { runHere } from '../cli/in-process.ts';
import { machineClock } from '../support/clocks.ts';
import { writeConfig } from '../support/fresh-start.ts';
import { requestJson } from '../support/http.ts';
import { json, startRestPlatform } from '../support/rest-platform.ts';
import { startApp } from '../support/start-app.ts';
import { changedDocument, startDocument, surfaceOf } from './screen/changed-document.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';
import { type Choices, choices } from './support/seed.ts';

const LAST = 0x10ffff;
/** What nobody sees, or a terminal obeys; of half a pair JSON makes a character of its own. */
const isUnseen = (character: string): boolean =>
  !/^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u.test(character) ||
  /[\p{Default_Ignorable_Code_Point}\u2800]/u.test(character);
const isObeyed = (character: string): boolean => /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u.test(character);
const isJoiner = (character: string): boolean => /[\u200c\u200d]/.test(character);

const assignedAndUnseen = Array.from({ length: LAST + 1 }, (_, code) => String.fromCodePoint(code)).filter(
  (each) => isUnseen(each) && !/[\p{Cn}\p{Co}\p{Cs}]/u.test(each),
);

const numberOf = (character: string): string =>
  `<U+${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}>`;

/** Every character that is invisible, and others of all of Unicode. */
const someCharacters = ({ below }: Choices, count: number): string[] => [
  ...assignedAndUnseen,
  ...Array.from({ length: count }, () => String.fromCodePoint(below(LAST + 1))),
];

/** Describes its one tool in the words of the moment. */
async function startUpstreamSaying(words: () => string): Promise<string> {
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { method, id = null } = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    const description = words();
    const tools = [{ name: 'get', description, inputSchema: { type: 'object', description } }];
    const serverInfo = { name: 'x', version: '1' };
    const results: Record<string, object> = {
      initialize: { protocolVersion: '2025-06-18', capabilities: { tools: {} }, serverInfo },
      'tools/list': { tools },
    };
    const result = results[method];
    const answer = result === undefined ? { error: { code: -32601, message: 'no' } } : { result };
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ jsonrpc: '2.0', id, ...answer }));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp`;
}

/** So many to one description: one of megabytes is refused. */
const AT_ONCE = 5000;

test('an operator who is asked to approve sees every character', async (context) => {
  const { seed, ...chosen } = choices();
  const count = trials({ planted: 1000, ci: 5000, full: 1_000_000 });
  const characters = someCharacters({ seed, ...chosen }, count);
  let portion: readonly string[] = [];
  const mcp = await startUpstreamSaying(() => portion.map((each) => `x${each}x`).join(''));
  const { dir, file } = writeConfig({
    logLevel: 'silent',
    downstreams: [{ prefix: 'up', mcp, scopes: { get: 'agent:read' } }],
  });
  const approve = (...more: string[]) =>
    runHere(['downstreams', 'approve', 'up', ...more], { TENANTRY_CONFIG: file }, dir);
  const failures: string[] = [];
  for (let from = 0; from < characters.length; from += AT_ONCE) {
    portion = characters.slice(from, from + AT_ONCE);
    failures.push(...misshown(portion, await approve(), await approve('--json')));
  }
  prove(context, {
    id: 'screen.approve',
    property:
      'What is shown for approval shows every character that is not seen by its number, under 256 bits',
    trials: characters.length,
    unit: 'characters',
    failures,
    measured: { seed },
  });
});

type Told = Awaited<ReturnType<typeof runHere>>;

function misshown(characters: readonly string[], { stdout, stderr }: Told, inJson: Told): string[] {
  const [, digest = ''] = /--yes ([0-9a-f]+)/.exec(stdout) ?? [];
  if (digest.length !== 64) return [`the digest has ${digest.length * 4} bits: ${stderr.slice(0, 200)}`];
  const shown = stdout
    .split('\n')
    .map((line) => line.slice(17))
    .join('');
  const raw = [...stdout, ...inJson.stdout].filter((each) => each !== '\n' && isUnseen(each));
  return [
    ...characters
      // A line feed begins a line, behind a bar of its own.
      .filter((each) => each !== '\n' && !shown.includes(`x${isUnseen(each) ? numberOf(each) : each}x`))
      .map((each) => `${numberOf(each)} is not shown as it should be`),
    ...raw.map((each) => `${numberOf(each)} is raw`),
  ];
}

test('for every name, no command prints what a terminal obeys, and its JSON is the same value', async (context) => {
  const { seed, ...chosen } = choices();
  const characters = someCharacters({ seed, ...chosen }, trials({ planted: 500, ci: 2000, full: 200_000 }));
  const { dir, file } = writeConfig({ logLevel: 'silent' });
  const run = (...args: string[]) => runHere(args, { TENANTRY_CONFIG: file }, dir);
  expect(await run('orgs', 'create', 'Acme')).toMatchObject({ code: 0 });
  const name = characters.filter((each) => !/\p{Cs}/u.test(each)).join('x');
  const database = new Database(join(dir, 'data', 'tenantry.db'));
  database.prepare('UPDATE organizations SET name = ?').run(name);
  database.close();
  const failures: string[] = [];
  for (const args of [
    ['orgs', 'list'],
    ['orgs', 'list', '--json'],
    ['audit', 'export'],
  ]) {
    const { stdout } = await run(...args);
    for (const each of new Set(stdout))
      if (isObeyed(each) && each !== '\n' && !(isJoiner(each) && !args.includes('--json')))
        failures.push(`${args.join(' ')}: ${numberOf(each)} is raw`);
    if (args[2] === '--json' && JSON.parse(stdout).organizations[0].name !== name)
      failures.push('the JSON is another value');
  }
  prove(context, {
    id: 'screen.terminal',
    property: 'No character that others wrote is obeyed by a terminal, and JSON keeps its value',
    trials: characters.length,
    unit: 'characters',
    failures,
    measured: { seed },
  });
});

test('a name with a character that nobody sees is refused, and says which', async (context) => {
  const { seed, ...chosen } = choices();
  const app = await startApp({ seed: false });
  const acme = await app.provision('Acme');
  const { plaintext: key } = await app.mint(acme, { scopes: ['member:write'] });
  const hidden = assignedAndUnseen.filter((each) => !/\p{Zs}/u.test(each) && !isJoiner(each));
  const count = trials({ planted: 200, ci: 500, full: 20_000 });
  const failures: string[] = [];
  for (let at = 0; at < count; at += 1) {
    const character = hidden[chosen.below(hidden.length)] ?? '';
    // A variant is chosen for the letter before it; alone it chooses nothing.
    const body = { name: `a b ${character}${character}` };
    const { status, text } = await requestJson(`${app.url}/v1/members`, { key, body });
    if (status !== 400 || !text.includes(numberOf(character)))
      failures.push(`${numberOf(character)}: ${status}`);
  }
  prove(context, {
    id: 'screen.names',
    property: 'No name holds a character that nobody sees; the refusal says which',
    trials: count,
    unit: 'names',
    failures,
    measured: { seed },
  });
});

test('however a document by URL changes, nothing that a model sees of it is served unseen', async (context) => {
  const { seed, ...chosen } = choices();
  let shown: unknown = startDocument();
  const platform = await startRestPlatform((_call, response) => json(response, shown));
  const downstream = {
    prefix: 'p',
    openapi: `${platform.url}/openapi.json`,
    scopes: { tags: { open: 'agent:read', lesser: 'agent:search' } },
  };
  const { dir, file } = writeConfig({ downstreams: [downstream] });
  const loaded = loadConfig({ TENANTRY_CONFIG: file }, dir);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('; '));
  const start = async () => {
    const prepared = await prepareTools(
      loaded.config,
      {},
      { tools: shippedTools, platformTools },
      machineClock(),
    );
    await Promise.all(prepared.downstreams.map((each) => each.close()));
    const ofDocument = prepared.tools.filter(({ platform: own }) => own !== null);
    return { mistakes: prepared.mistakes, tools: ofDocument.map(surfaceOf) };
  };
  const approved = new Set((await start()).tools);
  expect(approved.size).toBe(3);
  const count = trials({ planted: 150, ci: 100, full: 2000 });
  const failures: string[] = [];
  let refused = 0;
  for (let at = 0; at < count; at += 1) {
    const { document, what } = changedDocument({ seed, ...chosen });
    shown = document;
    const { tools, mistakes } = await start();
    if (mistakes.length > 0) refused += 1;
    failures.push(
      ...tools.filter((tool) => !approved.has(tool)).map((tool) => `${what}: ${tool.slice(0, 80)}`),
    );
  }
  expect(refused).toBeLessThan(count / 2);
  prove(context, {
    id: 'screen.documents',
    property: 'No tool of a document by URL is served that is not as it was when it was approved',
    trials: count,
    unit: 'changed documents',
    failures,
    measured: { seed, refused },
  });
});
