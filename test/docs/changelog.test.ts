import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { draft } from '../../scripts/changelog.ts';
import { root } from '../support/fresh-start.ts';

test('what users notice of the history becomes lines, by its kind', () => {
  const subjects = [
    'feat(cli): show what a tool takes',
    'test: wait for states',
    'fix(audit): write no row for nothing',
    'fix: say it plainly',
    'perf(store): read once a turn',
    'toString: is no type',
  ];
  expect(draft(subjects)).toBe(
    [
      '### Added\n\n- Show what a tool takes. (cli)\n',
      '### Changed\n\n- Read once a turn. (store)\n',
      '### Fixed\n\n- Write no row for nothing. (audit)\n- Say it plainly.\n',
    ].join('\n'),
  );
  expect(draft(['docs: a page'])).toBe('');
});

test('the changelog has a part for what is to come and one for this version', () => {
  const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const headings = [...readFileSync(join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^#{2,3} (.+)$/gm)].map(
    ([, text = '']) => text,
  );
  expect(headings[0]).toBe('Unreleased');
  expect(headings.some((text) => text.startsWith(`${version} (`))).toBe(true);
  const kinds = ['Added', 'Changed', 'Fixed', 'Security'];
  expect(
    headings.filter((text) => !/^Unreleased$|^\d+\.\d+\.\d+ \(/.test(text) && !kinds.includes(text)),
  ).toEqual([]);
});
