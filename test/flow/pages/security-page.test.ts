import { existsSync, globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../support/fresh-start.ts';

const read = (file: string): string => readFileSync(join(root, file), 'utf8');

const rows = read('SECURITY.md')
  .split('\n')
  .filter((line) => /^\| (?:\d|T-)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()))
  .map(([, name = '', promise = '', heldBy = '']) => ({ name, promise, heldBy }));

/** `test/….test.ts` “title”, “title”, or a part of the contract of the stores */
const filesIn = (heldBy: string) =>
  [...heldBy.matchAll(/`(test\/(?:[^`]+\.test|store\/contract\/[^`]+)\.ts)`((?:,? “.+?”(?= ·|,|$))*)/g)].map(
    ([, file = '', titles = '']) => ({
      file,
      titles: [...titles.matchAll(/“(.+?)”(?=, “|$)/g)].map(([, title = '']) => title),
    }),
  );

const proofsIn = (heldBy: string): string[] =>
  [...heldBy.matchAll(/`([a-z-]+\.[a-z-]+)`/g)].map(([, id = '']) => id);

const proofs = globSync('test/proof/**/*.ts', { cwd: root })
  .filter((file) => !file.includes('/planted/'))
  .map(read)
  .join('\n');
const isProof = (id: string): boolean => proofs.includes(`'${id}'`);

test('every threat and finding is answered once', () => {
  const named = rows.flatMap(({ name }) => name.split(' '));
  const run = (from: number, to: number) =>
    Array.from({ length: to - from + 1 }, (_, index) => `T-${String(from + index).padStart(2, '0')}`);
  const findings = Array.from({ length: 12 }, (_, index) => String(index + 1));
  const threats = [run(1, 28), run(30, 36), run(40, 48), run(50, 53), run(55, 69), run(70, 74), run(80, 87)];
  expect(named).toHaveLength(new Set(named).size);
  expect(new Set(named)).toEqual(new Set([...findings, ...threats.flat()]));
});

test.each(rows)('$name: $promise', ({ heldBy }) => {
  const files = filesIn(heldBy);
  const ids = proofsIn(heldBy);
  expect(files.length + ids.length).toBeGreaterThan(0);
  expect(heldBy.split(' · ')).toHaveLength(files.length + ids.length);
  for (const { file, titles } of files) {
    expect(existsSync(join(root, file)), file).toBe(true);
    expect(titles.length, file).toBeGreaterThan(0);
    for (const title of titles) expect(read(file)).toContain(`'${title}'`);
  }
  const missing = ids.filter((id) => !isProof(id));
  expect(missing).toEqual([]);
});
