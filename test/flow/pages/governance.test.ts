import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../../support/fresh-start.ts';

const rows = readFileSync(join(root, 'docs/governance.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| (?:NHI|CSF|SP)/.test(line))
  .map((line) => line.split('|').map((cell) => cell.trim()));

test('each risk and control is answered once', () => {
  const names = rows.map(
    ([, name = '']) => /^(?:NHI\d+\b|CSF 2\.0 PR\.AA-05|SP 800-53 SC-4)/.exec(name)?.[0],
  );
  const risks = Array.from({ length: 10 }, (_, index) => `NHI${index + 1}`);
  expect(names).toEqual([...risks, 'CSF 2.0 PR.AA-05', 'SP 800-53 SC-4']);
});

test.each(rows)(
  '%s%s: what is done is said, and each test that shows it exists',
  (_, _name, done = '', shown = '') => {
    expect(done.length).toBeGreaterThan(40);
    const files = [...shown.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    expect(files.length).toBeGreaterThan(0);
    for (const file of files) expect(file).toMatch(/^test\/(?:.+\.test|store\/contract\/.+)\.ts$/);
    expect(files.filter((file) => !existsSync(join(root, file)))).toEqual([]);
  },
);
