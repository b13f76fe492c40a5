import { existsSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from 'vitest';
import { root, temporaryDir } from '../support/fresh-start.ts';
import { blocksOf } from '../support/markdown.ts';

const blocks = blocksOf('ts').map((block) => [`${block.file}:${block.line}`, block.text] as const);
const door = pathToFileURL(join(root, 'src/tool/public.ts')).href;

test('there are blocks to check', () => {
  expect(blocks.length).toBeGreaterThan(5);
});

test.each(blocks)('%s is TypeScript, and takes what its modules have', async (_, text) => {
  stripTypeScriptTypes(text);
  for (const { module, names } of importsIn(text).filter((each) => isHere(each.module))) {
    const exported = Object.keys(
      await import(module === 'tenantry/tool' ? door : import.meta.resolve(module)),
    );
    expect(names.filter((name) => !exported.includes(name))).toEqual([]);
  }
});

test.each(blocks.filter(([, text]) => text.includes("'tenantry/tool'")))(
  '%s defines tools that a server takes',
  async (_, text) => {
    const file = join(temporaryDir(), 'tools.mjs');
    const code = stripTypeScriptTypes(text)
      .replaceAll("'tenantry/tool'", `'${door}'`)
      .replaceAll("'zod'", `'${import.meta.resolve('zod')}'`);
    writeFileSync(file, code);
    // `defineTool` checks the tool's schemas, route and resource.
    const defined = Object.values(await import(pathToFileURL(file).href)).flat();
    expect(defined).toContainEqual(expect.objectContaining({ name: expect.stringMatching(/^[a-z_]+$/) }));
  },
);

const importsIn = (text: string) =>
  [...text.matchAll(/^import \{([^}]+)\} from '([^']+)';$/gm)].map(([, names = '', module = '']) => ({
    module,
    names: names
      .split(',')
      .map((name) => name.trim())
      .filter((name) => name !== '' && !name.startsWith('type ')),
  }));

/** The libraries of hosts are not installed here: of those nothing is known. */
const isHere = (module: string): boolean =>
  module === 'tenantry/tool' || existsSync(join(root, 'node_modules', module));
