import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { mayHoldKeys, noteKey, secretsBelow, secretsIn, unaskedOutput } from '../../support/secrets.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const { plaintext, prefix } = createKeyFormat('tnt').generate();
const secret = plaintext.slice(13, 56);

// What every test of this repository is held to when it ends; without it these would pass.
test.fails('a test fails that leaves a plaintext in a file of its app', async () => {
  const app = await startTwoTenants({ seed: false });
  writeFileSync(join(app.dataDir, 'notes.txt'), `the key is ${app.acme.defaultKey}`);
});

test.fails('a test fails whose app logs the secret part of a key alone', async () => {
  const app = await startTwoTenants({ seed: false });
  app.services.log.info({ rest: app.bolt.defaultKey.slice(13) }, 'a careless line');
});

test.fails('a test fails that leaves a plaintext in a folder of its own', () => {
  writeFileSync(join(temporaryDir(), 'keys.ndjson'), plaintext);
});

test('a plaintext in the store is found in its log before it reaches the database, and after', async () => {
  const folder = temporaryDir();
  const database = new Database(join(folder, 'some.db'));
  onTestFinished(() => {
    database.exec('DELETE FROM texts; VACUUM; PRAGMA wal_checkpoint(TRUNCATE)');
    database.close();
  });
  database.exec('PRAGMA journal_mode = WAL; CREATE TABLE texts (text)');
  // Longer than a page, so that the key is cut at a place that the test does not choose.
  for (let size = 3900; size < 4100; size += 10) {
    database
      .prepare('INSERT INTO texts VALUES (?)')
      .run('x '.repeat(size / 2) + plaintext + ' '.repeat(3000));
  }
  noteKey(plaintext);
  expect(secretsBelow(folder)).toEqual([`${prefix} in some.db-wal`]);
  database.pragma('wal_checkpoint(TRUNCATE)');
  expect(secretsBelow(folder)).toEqual([`${prefix} in some.db`]);
});

test.each([
  ['whole', plaintext],
  ['of another brand', createKeyFormat('orgktest').generate().plaintext],
  ['in a URL', `/mcp?token=Bearer%20${plaintext}&x=1`],
  ['with letters on either side', `x${plaintext}y`],
  ['as its secret alone', secret],
  ['without its beginning', plaintext.slice(30)],
  ['without its end', plaintext.slice(0, 35)],
])('a key is found %s', (_, text) => {
  noteKey(plaintext);
  expect(secretsIn(`"${text}"`)).toHaveLength(1);
});

test.each([
  ['the prefix of a key', prefix],
  ['a key with a typing error, which opens nothing', `${plaintext.slice(0, 13)}${'0'.repeat(49)}`],
  ['its hash', createKeyFormat('tnt').parse(plaintext)?.hash.toString('hex') ?? ''],
])('%s is no secret', (_, text) => {
  noteKey(plaintext);
  expect(secretsIn(text)).toEqual([]);
});

test('a file that a command was told to write keys to is left out, and no other beside it', () => {
  const folder = temporaryDir();
  writeFileSync(mayHoldKeys(join(folder, 'keys.ndjson')), plaintext);
  writeFileSync(join(folder, 'other.ndjson'), plaintext);
  expect(secretsBelow(folder)).toEqual([`${prefix} in other.ndjson`]);
  rmSync(join(folder, 'other.ndjson'));
});

test('a program may show a key where the contract has it shown, and nowhere else', () => {
  const shown = `    default key   ${plaintext}\n`;
  const found = (args: string[], output: { stdout?: string; stderr?: string }) =>
    Object.values(unaskedOutput(args, { stdout: '', stderr: '', ...output })).flatMap(secretsIn);
  expect(found(['serve'], { stderr: shown })).toEqual([]);
  expect(found(['serve'], { stderr: `{"level":30,"msg":"${shown.trim()}"}` })).toEqual([prefix]);
  expect(found(['serve'], { stdout: shown })).toEqual([prefix]);
  expect(found(['keys', 'mint'], { stdout: shown })).toEqual([]);
  expect(found(['keys', 'mint'], { stderr: `minted ${plaintext}` })).toEqual([prefix]);
  expect(found(['keys', 'list'], { stdout: plaintext })).toEqual([prefix]);
});
