import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { otherWriter } from '../../../src/config/own-folder.ts';
import { compileCacheFolder } from '../../../src/server/compile-cache.ts';

const root = resolve(import.meta.dirname, '../../..');
const { uid } = userInfo();

function createFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'compile-cache-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** A program of its own, with its packages inside it. */
function createProgram(): string {
  const program = join(createFolder(), 'program');
  mkdirSync(join(program, 'node_modules'), { recursive: true, mode: 0o755 });
  return program;
}

test('what Node compiled is kept beside the packages, for its owner alone', () => {
  const program = createProgram();
  const folder = join(program, 'node_modules/.cache/tenantry');
  expect(compileCacheFolder(`${program}/`, uid)).toBe(folder);
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  const installed = join(program, 'node_modules/tenantry');
  mkdirSync(installed);
  expect(compileCacheFolder(installed, uid)).toBe(folder);
});

test('where anybody else could write it nothing is kept', () => {
  for (const mode of [0o777, 0o775, 0o757, 0o770, 0o722]) {
    for (const place of ['', 'node_modules', 'node_modules/.cache', 'node_modules/.cache/tenantry']) {
      const program = createProgram();
      mkdirSync(join(program, 'node_modules/.cache/tenantry'), { recursive: true, mode: 0o700 });
      chmodSync(join(program, place), mode);
      expect([place, mode, compileCacheFolder(program, uid)]).toEqual([place, mode, undefined]);
    }
  }
});

test('a folder that another user made is not used, nor one behind a link', () => {
  const program = createProgram();
  expect(compileCacheFolder(program, uid + 1)).toBeUndefined();
  const linked = createProgram();
  mkdirSync(join(linked, 'node_modules/.cache'));
  symlinkSync(createFolder(), join(linked, 'node_modules/.cache/tenantry'));
  expect(compileCacheFolder(linked, uid)).toBeUndefined();
  expect(otherWriter({ uid: 1234, mode: 0o700 }, 1235)).toContain('user 1234');
  expect(otherWriter({ uid: 0, mode: 0o755 }, 1235)).toBeUndefined();
});

test('a program whose folder cannot be written keeps nothing, and starts', () => {
  const program = createProgram();
  rmSync(join(program, 'node_modules'), { recursive: true });
  expect(compileCacheFolder(program, uid)).toBeUndefined();
});

test('the program leaves nothing in a temporary folder, and takes nothing from it', () => {
  const shared = createFolder();
  chmodSync(shared, 0o1777);
  const env = { PATH: dirname(process.execPath), TMPDIR: shared };
  const version = execFileSync(process.execPath, [join(root, 'src/bin.js'), '--version'], {
    env,
    encoding: 'utf8',
  });
  expect(version).toMatch(/^\d+\.\d+/);
  expect(readdirSync(shared)).toEqual([]);
});
