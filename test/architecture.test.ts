import { globSync, readFileSync } from 'node:fs';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { tools } from '../tools/index.ts';

const root = resolve(import.meta.dirname, '..');
const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root }).filter((file) => !file.includes('node_modules'));
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** Each layer may import itself and those before it. */
const layers = [
  'errors',
  'fleet',
  'ids',
  'iso-time',
  'printable',
  'scopes',
  'token-shape',
  'secret',
  'config-http',
  'config-server',
  'config-downstream',
  'config-file',
  'config-secrets',
  'config',
  'log',
  'organization',
  'caller',
  'audit',
  'keys',
  'provisioning',
  'members',
  'store',
  'identity',
  'limits',
  'downstream',
  'json-schema',
  'tool',
  'openapi-tools',
  'mcp-tools',
  'transport',
  'app',
  'configured-tools',
  'services',
  'http-app',
  'housekeeping',
  'workers',
  'cli',
  'main',
];

type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

/** Every static or dynamic import, with relative ones resolved to a path in the repository. */
function importsOf(file: string): Import[] {
  const pattern = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'|import\('([^']+)'\)/gm;
  return [...read(file).matchAll(pattern)].map(([, type, names = '', target, dynamic]) => {
    const specifier = target ?? dynamic ?? '';
    const everyNameIsType =
      /^\{[^}]*\}$/.test(names.trim()) && !/(?:^\{|,)\s*(?!type\s)\w/.test(names.trim());
    const to = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(file), specifier))
      : specifier;
    return { from: file, to, typeOnly: type !== undefined || everyNameIsType };
  });
}

const layerOf = (file: string): number => {
  const [, first = ''] = file.split('/');
  return layers.indexOf(first.replace(/\.(ts|js)$/, ''));
};

const sources = files('src/**/*.ts');
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

test('every file of src stands in a layer', () => {
  expect(sources.filter((file) => layerOf(file) === -1)).toEqual([]);
});

test('src imports only its own layer and those before it', () => {
  const upward = sources
    .flatMap(importsOf)
    .filter(({ from, to }) => to.startsWith('src/') && layerOf(to) > layerOf(from));
  expect(upward.map(show)).toEqual([]);
});

test('only main joins the program to its stores and its tools', () => {
  const others = sources.filter((file) => file !== 'src/main.ts').flatMap(importsOf);
  expect(others.filter(({ to }) => /^(?:db|tools|test)\//.test(to)).map(show)).toEqual([]);
});

test('a tool imports zod, #tool and its neighbours, and nothing else', () => {
  const imports = files('tools/*/*.ts').flatMap(importsOf);
  const allowed = ({ from, to }: Import) => to === 'zod' || to === '#tool' || dirname(to) === dirname(from);
  expect(imports.filter((each) => !allowed(each)).map(show)).toEqual([]);
});

test('the stores import types of the program, and values of errors and ids alone', () => {
  const imports = files('db/**/*.ts').flatMap(importsOf);
  const isValueOfSrc = ({ to, typeOnly }: Import) => to.startsWith('src/') && !typeOnly;
  const allowed = new Set(['src/errors.ts', 'src/ids.ts']);
  expect(imports.filter((each) => isValueOfSrc(each) && !allowed.has(each.to)).map(show)).toEqual([]);
  expect(imports.filter(({ to }) => /^(?:tools|test)\//.test(to)).map(show)).toEqual([]);
});

test('no statement of the stores is left open: its snapshot would hide what is revoked meanwhile', () => {
  const open = files('db/**/*.ts').filter((file) => /\.iterate\(/.test(withoutComments(read(file))));
  expect(open).toEqual([]);
});

test('an opened store commits in one place, which asks first whether its files are there', () => {
  const committing = files('db/*.ts').filter((file) => /\.(?:immediate|exclusive)\b/.test(read(file)));
  const beforeItIsOpen = ['db/migrate.ts', 'db/revision.ts', 'db/settle-ledger.ts'];
  expect(committing.filter((file) => !beforeItIsOpen.includes(file))).toEqual(['db/store-call.ts']);
});

test('the MCP SDKs stay in the transport and in the commands that are clients', () => {
  const clients = /^src\/(?:transport\/|downstream\/mcp|cli\/(?:doctor|call|demo))/;
  const imports = [...sources, ...files('tools/**/*.ts'), ...files('db/**/*.ts')].flatMap(importsOf);
  const sdk = imports.filter(({ to }) => to.startsWith('@modelcontextprotocol/'));
  expect(sdk.filter(({ from }) => !clients.test(from)).map(show)).toEqual([]);
});

test('only main touches the process and its sockets', () => {
  const touching = sources.filter((file) =>
    /(?<!\.)\bprocess\.(?!hrtime)|createServer\(/.test(withoutComments(read(file))),
  );
  expect(touching).toEqual(['src/main.ts']);
});

/** Where a failure is turned into an answer, besides the commands; everywhere else it passes through. */
const boundaries = [
  'src/app.ts',
  'src/audit/audit-wire.ts',
  'src/config.ts',
  'src/downstream/http-downstream.ts',
  'src/downstream/mcp-call.ts',
  'src/downstream/mcp-connection.ts',
  'src/downstream/mcp-downstream.ts',
  'src/downstream/resilience.ts',
  'src/housekeeping.ts',
  'src/http-app.ts',
  'src/main.ts',
  'src/tool/call-tool.ts',
  'src/configured-tools.ts',
  'src/json-schema/node.ts',
  'src/tool/cursor.ts',
  'src/tool/load-tools.ts',
  'src/transport/document-routes.ts',
  'src/transport/line-transport.ts',
  'src/transport/mcp-server.ts',
  'src/transport/read-body.ts',
  'src/transport/router.ts',
  'src/transport/stdio-bridge.ts',
  'src/transport/stdio.ts',
  'src/transport/tool-answer.ts',
  'src/transport/watch-key.ts',
  'src/transport/write-answer.ts',
  'src/workers/primary.ts',
];

test('errors are caught in the named boundary files only, and in no tool', () => {
  const catching = [...sources, ...files('tools/**/*.ts')].filter((file) =>
    /\bcatch\b/.test(withoutComments(read(file))),
  );
  expect(catching.filter((file) => !file.startsWith('src/cli/') && !boundaries.includes(file))).toEqual([]);
});

test('there is one class, the error, and no hidden context', () => {
  const code = [...sources, ...files('tools/**/*.ts'), ...files('db/**/*.ts')];
  expect(code.filter((file) => /^\s*(?:export\s+)?(?:abstract\s+)?class\s/m.test(read(file)))).toEqual([
    'src/errors.ts',
  ]);
  expect(code.filter((file) => read(file).includes('AsyncLocalStorage'))).toEqual([]);
});

test('the registry holds exactly the tools that there are files for, each named like its file', () => {
  const defining = files('tools/*/*.ts').filter((file) => /= defineTool\(/.test(read(file)));
  const names = defining.map((file) => basename(file, '.ts').replaceAll('-', '_'));
  expect(tools.map(({ name }) => name).sort()).toEqual(names.sort());
});

test('files stay small enough to read', () => {
  const code = [...sources, ...files('tools/**/*.ts'), ...files('db/**/*.ts')];
  const lines = (file: string) => read(file).split('\n').length - 1;
  const tooLong = (list: string[], most: number) =>
    list.filter((file) => lines(file) > most).map((file) => `${file}: ${lines(file)}`);
  expect(tooLong(code, 200)).toEqual([]);
  expect(tooLong(files('test/**/*.ts'), 300)).toEqual([]);
  const sizes = code.map(lines).sort((a, b) => a - b);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(80);
});

test('what the model sees changes on purpose only', async () => {
  const surface = tools.map(
    ({
      name,
      title,
      description,
      scope,
      effect,
      rest,
      onMcp,
      resource,
      inputJsonSchema,
      outputJsonSchema,
    }) => ({
      name,
      title,
      description,
      scope,
      effect,
      rest,
      onMcp,
      resource,
      input: inputJsonSchema,
      output: outputJsonSchema,
    }),
  );
  await expect(`${JSON.stringify(surface, null, 2)}\n`).toMatchFileSnapshot('surface.json');
});

test('no public schema has a place for the organisation', () => {
  const named = tools.filter(({ inputJsonSchema }) =>
    /organi[sz]ation_?id/i.test(JSON.stringify(inputJsonSchema)),
  );
  expect(named.map(({ name }) => name)).toEqual([]);
});

const withoutComments = (code: string): string => code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

test('every error code is thrown somewhere', () => {
  const codes = [...read('src/errors.ts').matchAll(/^ {2}([A-Z_]+): \[/gm)].map(([, code]) => code ?? '');
  const code = [...sources, ...files('tools/**/*.ts'), ...files('db/**/*.ts')]
    .filter((file) => file !== 'src/errors.ts')
    .map(read);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((name) => !code.some((text) => text.includes(`'${name}'`)))).toEqual([]);
});
