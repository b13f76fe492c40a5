import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';
import { readDemo } from '../support/fresh-start.ts';
import { callTool } from '../support/http.ts';
import { refusalIn } from '../support/refusal.ts';
import { secretsInFile } from '../support/secrets.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');

test('the packed package runs in an empty project, from JavaScript alone', { timeout: 600_000 }, async () => {
  const project = mkdtempSync(join(tmpdir(), 'tenantry-package-'));
  onTestFinished(() => rmSync(project, { recursive: true, force: true }));
  const packed = await run('npm', ['pack', '--json', '--pack-destination', project], { cwd: root });
  const [{ filename, files }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[')));
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  expect(paths.filter((path) => path.endsWith('.ts') && !path.endsWith('.d.ts'))).toEqual([]);
  expect(paths.filter((path) => /^(?:test|data|node_modules)\//.test(path))).toEqual([]);
  expect(paths.filter((path) => secretsInFile(join(root, path)).length > 0)).toEqual([]);

  writeFileSync(join(project, 'package.json'), '{ "name": "empty", "private": true, "type": "module" }');
  const install = [
    'install',
    '--no-audit',
    '--no-fund',
    '--prefer-offline',
    '--ignore-scripts',
    `./${filename}`,
  ];
  await run('npm', install, { cwd: project });
  const bin = join(project, 'node_modules/tenantry/src/bin.js');
  const demo = await run(process.execPath, [bin, 'demo'], { cwd: project });
  expect(demo.stdout).toContain('ORGANIZATION_MISMATCH');

  // In an empty folder, without a configuration: the demo, and the commands that go on from it.
  const empty = mkdtempSync(join(tmpdir(), 'tenantry-empty-'));
  onTestFinished(() => rmSync(empty, { recursive: true, force: true }));
  const bare = { PATH: process.env.PATH, HOME: process.env.HOME };
  const first = spawn(process.execPath, [bin, 'serve'], { cwd: empty, env: { ...bare, PORT: '0' } });
  onTestFinished(() => void first.kill('SIGKILL'));
  const said = { out: '', err: '' };
  first.stdout.on('data', (chunk) => {
    said.out += chunk;
  });
  first.stderr.on('data', (chunk) => {
    said.err += chunk;
  });
  await expect.poll(() => said.out, { timeout: 30_000 }).toMatch(/listening on http:\/\/127\.0\.0\.1:/);
  expect(said.err).toContain('this is the demo');
  const organizations = await run(process.execPath, [bin, 'orgs', 'list'], { cwd: empty, env: bare });
  expect(organizations.stdout).toContain('Acme Research');
  expect(organizations.stderr).toBe('');
  first.kill('SIGTERM');

  const { values: declared, types } = declaredNames(join(project, 'node_modules/tenantry'));
  expect(declared).toContain('defineTool');
  expect(types).toContain('ToolContext');
  const probe = `import { ${declared.join(', ')} } from 'tenantry/tool';
    await delay(1, new AbortController().signal);
    const waited = await delay(3_600_000, AbortSignal.abort('over')).catch((reason) => reason);
    console.log(JSON.stringify([waited, Object.keys(await import('tenantry/tool'))]));`;
  const imported = await run(process.execPath, ['--input-type=module', '-e', probe], { cwd: project });
  expect(JSON.parse(imported.stdout)).toEqual(['over', declared]);

  // A compiler finds the types too, and in them nothing that the package does not carry.
  const names = [...declared, ...types.map((name) => `type ${name}`)].join(', ');
  writeFileSync(join(project, 'door.ts'), `export { ${names} } from 'tenantry/tool';\n${ownTool}`);
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  const options = '--noEmit --strict --target es2024 --module nodenext --skipLibCheck --types node';
  const typeRoots = ['--typeRoots', join(root, 'node_modules/@types')];
  const compiled = await run(process.execPath, [compiler, ...options.split(' '), ...typeRoots, 'door.ts'], {
    cwd: project,
  }).catch(({ stdout }: { stdout: string }) => ({ stdout }));
  expect(compiled.stdout).toBe('');

  // The example of the user's own tools, as it stands in the repository.
  cpSync(join(root, 'examples/custom-tools'), join(project, 'mine'), { recursive: true });
  const env = { ...process.env, TENANTRY_CONFIG: join(project, 'mine/mcp.config.json'), PORT: '0' };
  const server = spawn(process.execPath, [bin, 'serve'], { cwd: project, env });
  onTestFinished(() => void server.kill('SIGKILL'));
  const seen = { out: '', err: '' };
  server.stdout.on('data', (chunk) => {
    seen.out += chunk;
  });
  server.stderr.on('data', (chunk) => {
    seen.err += chunk;
  });
  await expect.poll(() => seen.out, { timeout: 20_000 }).toMatch(/listening on http/);
  const [, url = ''] = /listening on (\S+)/.exec(seen.out) ?? [];
  const [key = ''] = readDemo(seen.err).defaultKeys;
  const rolled = await callTool(url, key, 'roll_dice', { dice: 2 });
  expect(rolled.body.result.structuredContent.rolls).toHaveLength(2);
  const refused = await callTool(url, key, 'roll_dice', { dice: 10, sides: 100 });
  expect(refusalIn(refused).code).toBe('VALIDATION_ERROR');
});

/** What an author writes; were a type of it unknown, the line that is wrong would compile. */
const ownTool = `
import { z } from 'zod';
import { defineTool } from 'tenantry/tool';
export const tool = defineTool({
  name: 'count', title: 'Count', description: 'Counts.', scope: 'any', effect: 'reads',
  input: z.strictObject({ text: z.string() }),
  output: z.object({ organization: z.string(), length: z.int() }),
  handle: async ({ text }, { me, keys }) => {
    // @ts-expect-error: there is no such field
    void [me.organization.nothing, keys.nothing];
    return { organization: me.organization.name, length: text.length };
  },
});
`;

/** The values and the types that the declaration of `tenantry/tool` promises. */
function declaredNames(folder: string): { readonly values: string[]; readonly types: string[] } {
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  const declaration = readFileSync(join(folder, exports['./tool'].types), 'utf8');
  const lists = [...declaration.matchAll(/^export (type )?(?:\{([^}]*)\}|(\S+))/gm)];
  const names = lists.flatMap(([whole, type = '', list]) => {
    if (list === undefined) throw new Error(`expected a list of names: ${whole}`);
    return list.split(',').map((name) => (type + name.trim()).replace(/^type type /, 'type '));
  });
  const isType = (name: string) => name.startsWith('type ');
  return {
    values: names.filter((name) => !isType(name)).sort(),
    types: names.filter(isType).map((name) => name.slice('type '.length)),
  };
}
