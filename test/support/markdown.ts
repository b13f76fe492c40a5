import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './fresh-start.ts';

/** A page for people, split into what is written around the blocks of code and the blocks. */
export type Page = { readonly file: string; readonly prose: string; readonly blocks: readonly Block[] };
export type Block = {
  readonly file: string;
  readonly line: number;
  readonly language: string;
  readonly text: string;
};

const fence = /^```(\S*)[^\n]*\n([\s\S]*?)^```$/gm;

export const pages: readonly Page[] = [
  ...['README.md', 'SECURITY.md', 'CONTRIBUTING.md', 'AGENTS.md', 'CHANGELOG.md'],
  ...globSync('docs/**/*.md', { cwd: root }),
].map((file) => {
  const text = readFileSync(join(root, file), 'utf8');
  const blocks = [...text.matchAll(fence)].map(({ index, 1: language = '', 2: code = '' }) => ({
    file,
    line: text.slice(0, index).split('\n').length,
    language,
    text: code,
  }));
  return { file, prose: text.replaceAll(fence, ''), blocks };
});

export const blocksOf = (...languages: readonly string[]): readonly Block[] =>
  pages.flatMap(({ blocks }) => blocks).filter(({ language }) => languages.includes(language));

/** The anchors of a page's headings, as GitHub makes them: a heading that comes again gets a number. */
export function anchorsOf({ prose }: Page): ReadonlySet<string> {
  const anchors = new Set<string>();
  for (const [, heading = ''] of prose.matchAll(/^#{1,6} (.+)$/gm)) {
    const text = heading.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, '$1').toLowerCase();
    const slug = text.replaceAll(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-');
    let anchor = slug;
    for (let n = 1; anchors.has(anchor); n += 1) anchor = `${slug}-${n}`;
    anchors.add(anchor);
  }
  return anchors;
}

/** `inline code` of the prose. */
export const codeSpans = ({ prose }: Page): readonly string[] =>
  [...prose.matchAll(/(?<!`)`([^`\n]+)`(?!`)/g)].map(([, text = '']) => text);
