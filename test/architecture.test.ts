import { basename, dirname } from 'node:path';
import { expect, test } from 'vitest';
import { operatorTools, tools } from '../tools/index.ts';
import {
  circlesOf,
  files,
  functionsOver,
  type Import,
  importsOf,
  parametersOver,
  read,
  withoutComments,
} from './support/code-shape.ts';

/** Each layer may import itself and those before it. */
const layers = [
  'ids',
  'json',
  'attribution',
  'errors',
  'time',
  'clock',
  'loopback',
  'secrets',
  'words',
  'log',
  'scopes',
  'workers/fleet',
  'config',
  'organization',
  'principal',
  'audit',
  'limits',
  'telemetry',
  'keys',
  'members',
  'provisioning',
  'store',
  'identity',
  'downstream',
  'json-schema',
  'tool',
  'tool-sources',
  'transport',
  'app',
  'server',
  'workers',
  'cli',
  'main',
];

const layerOf = (file: string): number => {
  const path = file.replace(/^src\/|\.(?:ts|js)$/g, '');
  const whole = layers.indexOf(path);
  return whole === -1 ? layers.indexOf(path.split('/')[0] ?? '') : whole;
};

const sources = files('src/**/*.ts');
const code = [...sources, ...files('tools/**/*.ts'), ...files('db/**/*.ts')];
const show = ({ from, to }: Import): string => `${from} -> ${to}`;

test('every file of src is in a layer', () => {
  expect(sources.filter((file) => layerOf(file) === -1)).toEqual([]);
});

test('src imports only its own layer and those before it', () => {
  const upward = sources
    .flatMap(importsOf)
    .filter(({ from, to }) => to.startsWith('src/') && layerOf(to) > layerOf(from));
  expect(upward.map(show)).toEqual([]);
});

test('no files import each other in a circle, types counted', () => {
  expect(circlesOf(code.flatMap(importsOf))).toEqual([]);
});

test('functions stay short enough to read, those inside of them counted apart', () => {
  expect(code.flatMap((file) => functionsOver(40, file))).toEqual([]);
});

test('a function takes at most four parameters', () => {
  expect(code.flatMap((file) => parametersOver(4, file))).toEqual([]);
});

test('a folder of src and db holds at most 12 files, so that one look takes it in', () => {
  const folders = Map.groupBy([...sources, ...files('db/**/*.ts')], dirname);
  const counts = [...folders].map(([folder, { length }]) => [folder, length] as const);
  expect(counts.filter(([, length]) => length > 12)).toEqual([]);
});

test('a file is named in kebab-case, after what it holds', () => {
  const kebab = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test|\.config)?\.ts$/;
  const vague = /(?:^|-)(?:utils?|helpers?|common|managers?|service|base|misc|impl)[-.]/;
  const named = [...code, ...files('test/**/*.ts')].map((file) => basename(file));
  expect(named.filter((name) => !kebab.test(name))).toEqual([]);
  expect(code.filter((file) => vague.test(basename(file)))).toEqual([]);
});

test('values are exported under their names, and passed on by the two doors of the tools alone', () => {
  const passingOn = code.filter((file) => /^export (?:\*|\{[^}]*\}) from /m.test(read(file)));
  expect(passingOn.sort()).toEqual(['src/tool/builtin.ts', 'src/tool/public.ts']);
  const byDefault = code.filter((file) => /^export default /m.test(read(file)));
  expect(byDefault.filter((file) => basename(file) !== 'drizzle.config.ts')).toEqual([]);
});

test('the domain gives data: no shell command is worded in it', () => {
  const domain = /^src\/(?:scopes|audit|limits|keys|members|provisioning)\//;
  const shell = /\btenantry (?!audit (?:head|checkpoint) 1)[a-z]/;
  const worded = sources.filter((file) => domain.test(file) && shell.test(withoutComments(read(file))));
  expect(worded).toEqual([]);
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
  const committing = files('db/sqlite/**/*.ts').filter((file) =>
    /\.(?:immediate|exclusive)\b/.test(read(file)),
  );
  const beforeItIsOpen = [
    'db/sqlite/connection/migrate.ts',
    'db/sqlite/credential-lookup/revision.ts',
    'db/sqlite/recovery/replay-ledger.ts',
  ];
  expect(committing.filter((file) => !beforeItIsOpen.includes(file))).toEqual([
    'db/sqlite/connection/store-call.ts',
  ]);
});

test('the MCP SDKs stay in the transport and in the commands that are clients', () => {
  const clients = /^src\/(?:transport\/(?:mcp|stdio)\/|downstream\/mcp\/|cli\/client\/)/;
  const imports = code.flatMap(importsOf);
  const sdk = imports.filter(({ to }) => to.startsWith('@modelcontextprotocol/'));
  expect(sdk.filter(({ from }) => !clients.test(from)).map(show)).toEqual([]);
});

test('only main touches the process and its sockets', () => {
  const touching = sources.filter((file) =>
    /(?<!\.)\bprocess\.(?!hrtime)|createServer\(/.test(withoutComments(read(file))),
  );
  expect(touching).toEqual(['src/main.ts']);
});

test('only main reads the time of the machine; elsewhere a clock is an argument that nobody can leave out', () => {
  const reading = code.filter((file) =>
    /Date\.now|new Date\(\)|\b(?:now|elapsed|observe|clock)\b[^;,]*(?<!=)=(?!=) \(\w*\) =>/.test(
      withoutComments(read(file)),
    ),
  );
  expect(reading).toEqual(['src/main.ts']);
});

test('a command writes through one place, which lets nothing out that a terminal obeys', () => {
  const commands = files('src/cli/**/*.ts');
  const writing = commands.filter((file) => /\bstdout\b|\bconsole\./.test(withoutComments(read(file))));
  expect(writing.sort()).toEqual(['src/cli/print.ts', 'src/cli/runtime.ts', 'src/cli/stdio.ts']);
  const ownJson = commands.filter((file) => /JSON\.stringify/.test(withoutComments(read(file))));
  // A request's body, a file of the program's own, and text of which every character is shown.
  const others = [
    'src/cli/client/demo.ts',
    'src/cli/client/doctor-checks.ts',
    'src/cli/downstreams/shown-offers.ts',
  ];
  expect(ownJson.sort()).toEqual([...others, 'src/cli/print.ts'].sort());
});

/** Where a failure is turned into an answer, besides the commands; everywhere else it passes through. */
const boundaries = [
  'src/app.ts',
  'src/json.ts',
  'src/audit/audit-wire.ts',
  'src/server/compile-cache.ts',
  'src/config/load-config.ts',
  'src/downstream/http-downstream.ts',
  'src/downstream/mcp/mcp-call.ts',
  'src/downstream/mcp/mcp-connection.ts',
  'src/downstream/mcp/mcp-downstream.ts',
  'src/downstream/resilience.ts',
  'src/downstream/organization/write-organization.ts',
  'src/server/housekeeping.ts',
  'src/server/http-app.ts',
  'src/main.ts',
  'src/tool/call/call-tool.ts',
  'src/tool-sources/prepare-tools.ts',
  'src/json-schema/node.ts',
  'src/tool/call/cursor.ts',
  'src/tool-sources/load-tools.ts',
  'src/transport/http/call-watch.ts',
  'src/transport/stdio/line-transport.ts',
  'src/transport/mcp/mcp-server.ts',
  'src/transport/http/steps/close-slot.ts',
  'src/transport/http/wire/read-body.ts',
  'src/transport/http/router.ts',
  'src/transport/stdio/stdio-bridge.ts',
  'src/transport/stdio/stdio.ts',
  'src/transport/mcp/tool-answer.ts',
  'src/transport/http/wire/write-answer.ts',
  'src/workers/primary.ts',
];

test('errors are caught in the named boundary files only, and in no tool', () => {
  const catching = [...sources, ...files('tools/**/*.ts')].filter((file) =>
    /\bcatch\b/.test(withoutComments(read(file))),
  );
  expect(catching.filter((file) => !file.startsWith('src/cli/')).sort()).toEqual([...boundaries].sort());
});

test('there is one class, the error, and no hidden context', () => {
  expect(code.filter((file) => /^\s*(?:export\s+)?(?:abstract\s+)?class\s/m.test(read(file)))).toEqual([
    'src/errors.ts',
  ]);
  expect(code.filter((file) => read(file).includes('AsyncLocalStorage'))).toEqual([]);
});

test.each([
  ['defineTool', tools],
  ['defineOperatorTool', operatorTools],
])('the registry holds exactly what %s is called in, each named like its file', (define, registered) => {
  const defining = files('tools/*/*.ts').filter((file) => read(file).includes(`= ${define}(`));
  const names = defining.map((file) => basename(file, '.ts').replaceAll('-', '_'));
  expect(registered.map(({ name }) => name).sort()).toEqual(names.sort());
});

test('files stay small enough to read', () => {
  const lines = (file: string) => read(file).split('\n').length - 1;
  const tooLong = (list: string[], most: number) =>
    list.filter((file) => lines(file) > most).map((file) => `${file}: ${lines(file)}`);
  expect(tooLong(code, 200)).toEqual([]);
  expect(tooLong(files('test/**/*.ts'), 300)).toEqual([]);
  const sizes = code.map(lines).sort((a, b) => a - b);
  expect(sizes[Math.floor(sizes.length / 2)]).toBeLessThan(80);
});

test('every error code is thrown somewhere', () => {
  const codes = [...read('src/errors.ts').matchAll(/^ {2}([A-Z_]+): \[/gm)].map(([, code]) => code ?? '');
  const texts = code.filter((file) => file !== 'src/errors.ts').map(read);
  expect(codes.length).toBeGreaterThan(30);
  expect(codes.filter((name) => !texts.some((text) => text.includes(`'${name}'`)))).toEqual([]);
});
