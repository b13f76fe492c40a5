import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { runHere } from '../cli/in-process.ts';
import { callTool } from '../support/http.ts';
import { ADMIN_TOKEN } from '../support/operator.ts';
import { keysIn, secretsBelow, secretsIn, unaskedOutput } from '../support/secrets.ts';
import { mintByCommand } from './secrets/mint-by-command.ts';
import { BATCH, mintBatch, type Shown } from './secrets/mint-over-http.ts';
import { createSender, forEachOf, type Got, type Send } from './secrets/send.ts';
import { METRICS_TOKEN, startBootstrapped, startDemo } from './secrets/servers.ts';
import { misplace, placeNames, QUERY_MARKER } from './secrets/wrong-places.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const BYTES_PER_MIB = 2 ** 20;
const WIDTH = 8;

/** What the server answers to those who may read the most; none of it shows a key. */
async function readEverything(send: Send, manager: string): Promise<readonly (readonly [string, Got])[]> {
  const own = { authorization: `Bearer ${manager}` };
  const operator = { authorization: `Bearer ${ADMIN_TOKEN}`, 'x-break-glass-reason': 'a proof' };
  const asked = [
    ...['/v1/audit?limit=100', '/v1/keys?limit=100', '/v1/keys/review', '/org/tokens', '/v1/members'].map(
      (path) => ({ path, headers: own }),
    ),
    ...['/v1/groups', '/v1/whoami', '/openapi.json', '/docs'].map((path) => ({ path, headers: own })),
    ...['/openapi.json', '/docs', '/healthz', '/readyz'].map((path) => ({ path, headers: {} })),
    ...['/admin/organizations', '/admin/host-keys?limit=100'].map((path) => ({
      path,
      headers: operator,
    })),
    { path: '/metrics', headers: { authorization: `Bearer ${METRICS_TOKEN}` } },
  ];
  const got = await Promise.all(asked.map(async (each) => [each.path, await send(each)] as const));
  expect(got.filter(([, { status }]) => status !== 200).map(([path, { status }]) => [path, status])).toEqual(
    [],
  );
  return got;
}

const decodePercent = (text: string): string =>
  text.replaceAll(/%([0-7][0-9a-f])/gi, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));

const sizeBelow = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0);

const countBy = (ways: readonly string[]): string =>
  [...new Set(ways)].map((way) => `${way} ${ways.filter((each) => each === way).length}`).join(', ');

test('no plaintext of a key is found in what the server keeps, logs or answers, however it was made or sent', async (context) => {
  const batches = trials({ planted: 1, ci: 20, full: 2000 });
  const { dir, env, server, plaintexts: bootstrapped } = await startBootstrapped();
  const demo = await startDemo();
  const { send, close } = createSender(server.url);
  onTestFinished(close);
  const failures: string[] = [];
  const search = (place: string, text: string) => {
    failures.push(...secretsIn(text).map((prefix) => `${prefix} in ${place}`));
    if (text.includes(QUERY_MARKER)) failures.push(`a query string in ${place}`);
  };

  const shown: Shown[] = [];
  await forEachOf(Array(batches).fill(null), WIDTH, async () => {
    shown.push(...(await mintBatch(send, ADMIN_TOKEN)));
  });
  const commanded = await mintByCommand(trials({ planted: 1, ci: 6, full: 60 }), env, dir);
  const [manager] = shown.slice(-1).map((each) => each.manager);
  const statuses = new Map<number, number>();
  const enough = Math.max(shown.length, placeNames.length);
  await forEachOf(Array(enough).fill(null), WIDTH, async (_, index) => {
    const key = shown[index % shown.length];
    if (key === undefined || failures.length > 100) return;
    const { status, headers, text } = await send(misplace(key, index));
    statuses.set(status, (statuses.get(status) ?? 0) + 1);
    const place = placeNames[index % placeNames.length];
    search(`the answer to a key in: ${place}`, JSON.stringify(headers) + text + decodePercent(text));
    // A bug of a tool is one of the places; any other is a failure to answer.
    if (status > 500 || (status === 500 && place !== 'what a tool throws')) {
      failures.push(`${status} to a key in: ${place}`);
    }
  });

  for (const [path, { text }] of await readEverything(send, manager ?? '')) search(path, text);
  search(
    'list_audit_events',
    (await callTool(server.url, manager, 'list_audit_events', { limit: 100 })).text,
  );
  const exported = await runHere(['audit', 'export'], env, dir);
  // A path is kept as it was sent, so its encoding must hide nothing.
  search('the audit export', exported.stdout + decodePercent(exported.stdout));
  search('the audit list', (await runHere(['audit', 'list', '--json'], env, dir)).stdout);
  expect((await runHere(['backup', '--out', 'copy.db'], env, dir)).code).toBe(0);
  failures.push(...secretsBelow(dir), ...secretsBelow(demo.dir));
  for (const each of [server, demo.server]) {
    each.kill('SIGTERM');
    for (const [name, text] of Object.entries(unaskedOutput(['serve'], await each.closed)))
      search(name, text);
  }
  failures.push(...secretsBelow(join(dir, 'data')), ...secretsBelow(demo.dir));

  const ways = [
    ...bootstrapped.map(() => 'bootstrap'),
    ...demo.plaintexts.map(() => 'demo'),
    ...commanded.map(({ way }) => way),
    ...shown.map(({ way }) => way),
  ];
  prove(context, {
    id: 'secrets.at-rest',
    property:
      'no plaintext or secret part of a key stands in database, WAL, ledger, backup, audit, logs, metrics or answers',
    trials: ways.length,
    unit: 'keys',
    failures: [...new Set(failures)],
    measured: {
      made_by: countBy(ways),
      requests_with_a_key_in_a_wrong_place: enough,
      kinds_of_wrong_places: placeNames.length,
      answers: [...statuses].map(([status, count]) => `${status} ${count}`).join(', '),
      searched_mib: Math.round(
        (sizeBelow(dir) + sizeBelow(demo.dir) + server.seen.stderr.length) / BYTES_PER_MIB,
      ),
      audit_rows_exported: exported.stdout.split('\n').length - 1,
    },
    note: 'What a caller searches for goes to the platform as it is; whether that one keeps it, this cannot tell.',
  });
  prove(context, {
    id: 'secrets.shown-once',
    property: 'a key is shown once, in the one answer that made it, which no cache may keep',
    trials: shown.length,
    unit: 'answers that show a key',
    failures: shown.flatMap(({ way, plaintext, answer: { headers, text } }) => [
      ...(headers['cache-control'] === 'no-store'
        ? []
        : [`${way}: ${headers['cache-control']}, expected no-store`]),
      ...(new Set(keysIn(text)).size === 1 && text.includes(plaintext)
        ? []
        : [`${way}: another key beside it`]),
    ]),
    measured: { keys_in_a_batch: BATCH },
  });
});
