import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from '../support/fresh-start.ts';
import { anchorsOf, codeSpans, type Page, pages } from '../support/markdown.ts';

const pageOf = new Map(pages.map((page) => [page.file, page]));

/** What a link of the page leads to, from the repository's root; undefined for one that leaves the repository. */
function targetOf({ file }: Page, link: string): { path: string; anchor: string } | undefined {
  if (/^[a-z]+:/.test(link)) return undefined;
  const [path = '', anchor = ''] = link.split('#');
  return { path: path === '' ? file : join(dirname(file), path), anchor };
}

const linksOf = ({ prose }: Page): readonly string[] =>
  [...prose.replaceAll(/`[^`\n]*`/g, '').matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link);

function isBroken(page: Page, link: string): boolean {
  const target = targetOf(page, link);
  if (target === undefined) return false;
  if (!existsSync(join(root, target.path))) return true;
  if (target.anchor === '') return false;
  const reached = pageOf.get(target.path);
  return reached === undefined || !anchorsOf(reached).has(target.anchor);
}

test.each(pages)('$file: every link leads to a file and a heading that exist', (page) => {
  expect(linksOf(page).filter((link) => isBroken(page, link))).toEqual([]);
});

test('every page can be reached from the front page', () => {
  const reached = new Set(['README.md']);
  for (const file of reached) {
    const page = pageOf.get(file);
    for (const link of page === undefined ? [] : linksOf(page)) {
      const path = targetOf(page as Page, link)?.path; // Only a page that is there has links.
      if (path !== undefined && pageOf.has(path)) reached.add(path);
    }
  }
  expect(pages.map(({ file }) => file).filter((file) => !reached.has(file))).toEqual([]);
});

/** Paths of this repository; `tools/list` and `tools/call` are methods of MCP. */
const folders =
  /^(?:src|db|tools|test|docs|examples|scripts|bench|proof|\.github)\/(?!(?:list|call)$)[\w./-]*$/;

test.each(pages)('$file: every file that it names is there', (page) => {
  const named = codeSpans(page).filter((text) => folders.test(text));
  expect(named.filter((path) => !existsSync(join(root, path)))).toEqual([]);
});

test.each(pages)('$file: every test that it quotes is there', (page) => {
  // `test/….test.ts` ("title", "title")
  for (const [, file = '', titles = ''] of page.prose.matchAll(/`(test\/[^`]+)`\s\(((?:"[^"]+",?\s?)+)\)/g)) {
    const text = readFileSync(join(root, file), 'utf8');
    for (const [, title = ''] of titles.matchAll(/"([^"]+)"/g)) {
      expect(text, file).toContain(`'${title.replaceAll(/\s+/g, ' ')}'`);
    }
  }
});

test('the front page stays short', () => {
  expect(readFileSync(join(root, 'README.md'), 'utf8').split('\n').length - 1).toBeLessThanOrEqual(120);
});
