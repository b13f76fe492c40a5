import { createHash } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import {
  approvedOf,
  digestOf,
  documentName,
  hashesOf,
  hashOf,
  isApproved,
  offerOf,
  readApproved,
  serverName,
} from '../../../src/tool-sources/approved-tools.ts';
import { startBehind } from '../../support/behind-upstream.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { startUpstream } from '../../support/upstream-http.ts';

const tool = {
  name: 'get',
  title: 'T',
  description: 'D',
  inputSchema: { type: 'object', properties: { b: {}, a: {} } },
  annotations: { readOnlyHint: true },
  _meta: { secret: 'never shown' },
};

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');

test('an approval of an earlier version still holds: it was a hash of 256 bits then too', () => {
  const then =
    '{"annotations":{"readOnlyHint":true},"description":"D","inputSchema":{"properties":{"a":{},"b":{}},"type":"object"},"name":"get","title":"T"}';
  expect(isApproved({ get: sha256(then) }, offerOf(tool))).toBe(true);
  expect(isApproved({ get: sha256(then).slice(0, 16) }, offerOf(tool))).toBe(false);
  expect(isApproved({ get: sha256(then) }, offerOf({ ...tool, description: 'D\u200b' }))).toBe(false);
  expect(isApproved({}, { name: 'constructor' })).toBe(false);
});

test('a digest has 256 bits, and belongs to one list of one source in any order', () => {
  const [one, two] = [offerOf(tool), offerOf({ ...tool, name: 'set' })];
  const digests = [
    digestOf('up https://a.example', [one, two]),
    digestOf('up https://b.example', [one, two]),
    digestOf('up https://a.example', [one]),
    digestOf('up https://a.example', [one, one, two]),
    digestOf('up', [one, two]),
  ];
  expect(new Set(digests).size).toBe(digests.length);
  for (const digest of digests) expect(digest).toMatch(/^[0-9a-f]{64}$/);
  expect(digestOf('up https://a.example', [two, one])).toBe(digests[0]);
  expect(digests).not.toContain(sha256([hashOf(one), hashOf(two)].sort().join(' ')));
});

test('where a document is kept names it, and no secret of its address is written down', () => {
  const name = (openapi: string) => documentName({ prefix: 'p', openapi });
  const shown = name('https://user:word@a.example/doc.json?token=x#y');
  expect(shown).toMatch(/^p openapi https:\/\/a\.example sha256:[0-9a-f]{64}$/);
  expect(shown).toBe(name('https://a.example/doc.json?token=another'));
  expect(name('https://a.example/other.json')).not.toBe(name('https://a.example/doc.json'));
});

test.each([
  ['a short digest', (source: string) => JSON.stringify({ [source]: { plain: 'a'.repeat(16) } })],
  ['half of it', () => '{"up http'],
  ['nothing', () => ''],
])('%s in the file of approvals is no approval: the start names the file', async (_what, textOf) => {
  const dataDir = temporaryDir();
  const { url } = await startUpstream();
  const file = join(dataDir, 'downstreams.lock.json');
  writeFileSync(file, textOf(`up ${url}`));
  const words = /downstreams\.lock\.json is not as "tenantry downstreams approve" writes it/;
  await expect(startBehind(url, {}, { dataDir })).rejects.toThrow(words);
});

test('a trial leaves the file of approvals as it is; a start brings it into its form', () => {
  const file = join(temporaryDir(), 'downstreams.lock.json');
  const old = JSON.stringify({ 'up https://a.example': hashesOf([offerOf(tool)]) });
  writeFileSync(file, old, { mode: 0o644 });
  const source = serverName({ prefix: 'up', mcp: 'https://a.example' } as Parameters<typeof serverName>[0]);
  const ask = (isTrial: boolean) => approvedOf({ file, isTrial }, source, [offerOf(tool)]).isFirstSeen;
  expect(readApproved(file)[source]).toEqual(hashesOf([offerOf(tool)]));
  expect(ask(true)).toBe(false);
  expect([readFileSync(file, 'utf8'), statSync(file).mode & 0o777]).toEqual([old, 0o644]);
  expect(ask(false)).toBe(false);
  expect([Object.keys(JSON.parse(readFileSync(file, 'utf8'))), statSync(file).mode & 0o777]).toEqual([
    [source],
    0o600,
  ]);
});
