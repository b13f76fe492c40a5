import { copyFileSync, linkSync, renameSync, rmSync, symlinkSync, unlinkSync } from 'node:fs';
import { expect, test } from 'vitest';
import { watchOwnFiles } from '../../db/sqlite/connection/own-files.ts';
import { auditRow, mint, newKey, provision } from './contract/fixtures.ts';
import { openSettled, temporaryFile } from './temporary-store.ts';

const gone = { code: 'STORE_UNAVAILABLE' };

test.each(['', '-wal', '-shm'])('nothing is committed while the file "%s" is not there', async (suffix) => {
  const store = await openSettled();
  const { organization, defaultKey } = await provision(store);
  const file = store.file + suffix;
  linkSync(file, `${file}.kept`);
  unlinkSync(file);
  await expect(store.audit.append(auditRow(organization.id))).rejects.toMatchObject(gone);
  await expect(mint(store, organization.id, newKey(organization.id))).rejects.toMatchObject(gone);
  renameSync(`${file}.kept`, file);
  await store.audit.append(auditRow(organization.id));
  const page = { nowMs: 0, limit: 10, staleAfterMs: 0 };
  expect((await store.keys.list(organization.id, page, page)).map(({ id }) => id)).toEqual([defaultKey.id]);
});

test('a store behind a link is opened, and held to the file that it was', async () => {
  const [file, link] = [temporaryFile(), temporaryFile()];
  await (await openSettled(file)).close();
  symlinkSync(file, link);
  const store = await openSettled(link);
  const { organization } = await provision(store);
  rmSync(link);
  symlinkSync(temporaryFile(), link);
  await expect(store.audit.append(auditRow(organization.id))).rejects.toMatchObject(gone);
});

test('a copy in its place is not the store', async () => {
  const store = await openSettled();
  const { organization, hash } = await provision(store);
  linkSync(store.file, `${store.file}.kept`);
  copyFileSync(store.file, `${store.file}.copy`);
  renameSync(`${store.file}.copy`, store.file);
  await expect(store.audit.append(auditRow(organization.id))).rejects.toMatchObject(gone);
  await expect(store.keys.find(hash)).rejects.toMatchObject(gone);
  await expect(store.ping()).rejects.toMatchObject(gone);
  rmSync(store.file);
  renameSync(`${store.file}.kept`, store.file);
  expect(await store.keys.find(hash)).toBeDefined();
});

test('what reads is told within milliseconds, and asks no more often', async () => {
  const { file } = await openSettled();
  let nowMs = 0;
  const files = watchOwnFiles(file, () => nowMs);
  renameSync(file, `${file}.moved`);
  nowMs += 5;
  files.requireLately();
  nowMs += 1;
  expect(() => files.requireLately()).toThrow(expect.objectContaining(gone));
  renameSync(`${file}.moved`, file);
  files.requireLately();
});

test.each(['', '-wal', '-shm'])(
  'a folder that was unchanged for long does not stand for a file "%s" that has gone',
  async (suffix) => {
    const { file } = await openSettled();
    let nowMs = 0;
    const files = watchOwnFiles(file, () => nowMs);
    nowMs += 10_000;
    files.require();
    nowMs += 1;
    files.require();
    renameSync(file + suffix, `${file}.moved`);
    expect(() => files.require()).toThrow(expect.objectContaining(gone));
    expect(() => files.require()).toThrow(expect.objectContaining(gone));
    renameSync(`${file}.moved`, file + suffix);
    files.require();
  },
);

test('what a folder does not show is found within 50 ms, and not forgotten again', async () => {
  const { file } = await openSettled();
  const [link, between] = [temporaryFile(), temporaryFile()];
  symlinkSync(file, between);
  symlinkSync(between, link);
  let nowMs = 0;
  const files = watchOwnFiles(link, () => nowMs);
  nowMs = 2490;
  files.require();
  rmSync(between);
  for (nowMs of [2499, 2510, 2561]) expect(() => files.require()).toThrow(expect.objectContaining(gone));
  symlinkSync(file, between);
  files.require();
  rmSync(between);
  nowMs += 51;
  expect(() => files.require()).toThrow(expect.objectContaining(gone));
});
