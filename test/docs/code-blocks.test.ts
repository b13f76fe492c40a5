import { expect, test } from 'vitest';
import { configJsonSchema } from '../../src/cli/config-schema.ts';
import { ConfigFile } from '../../src/config/config-file.ts';
import { type Block, blocksOf, pages } from '../support/markdown.ts';

const at = ({ file, line }: Block): string => `${file}:${line}`;

test('every block of code says its language, so that none goes unread', () => {
  const known = new Set(['sh', 'json', 'ts', 'toml', 'text']);
  const blocks = pages.flatMap((page) => page.blocks);
  expect(blocks.length).toBeGreaterThan(30);
  expect(blocks.filter(({ language }) => !known.has(language)).map(at)).toEqual([]);
  const indented = pages.filter(({ prose }) =>
    /^\n {4}\S/m.test(prose.replaceAll(/^\s*[*-] .*(?:\n .*)*/gm, '')),
  );
  expect(indented.map(({ file }) => file)).toEqual([]);
});

/** What the files of hosts begin with; every other block of JSON is a configuration of ours. */
const ofHosts = ['mcpServers', 'servers', 'mcp'];

test.each(blocksOf('json').map((block) => [at(block), block] as const))(
  '%s is JSON that is taken',
  (_, { text }) => {
    const value: object = JSON.parse(text);
    if (ofHosts.some((name) => name in value)) return;
    const parsed = ConfigFile.safeParse(value);
    expect(parsed.error?.issues ?? []).toEqual([]);
  },
);

/** There `audit.…` and the like are rows of the scorecard, and paths inside of a downstream. */
const notOfSettings = new Set(['SECURITY.md', 'docs/proof.md', 'docs/configuration.md']);

test('every setting that a page names is one', () => {
  const { properties } = JSON.parse(configJsonSchema());
  const groups = ['server', 'limits', 'store', 'scopes', 'keys', 'audit'];
  const names = groups.flatMap((group) =>
    Object.keys(properties[group].properties).map((name) => `${group}.${name}`),
  );
  const named = new Set(
    pages
      .filter(({ file }) => !notOfSettings.has(file))
      .flatMap(({ prose }) => [
        ...prose.matchAll(/`((?:server|limits|store|scopes|keys|audit)\.[a-z]+[A-Za-z.]*)`/g),
      ])
      .map(([, name = '']) => name),
  );
  expect(named.size).toBeGreaterThan(10);
  expect([...named].filter((name) => !names.includes(name))).toEqual([]);
});
