import { execFile, spawn } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
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

test('the packed package runs in an empty project, from JavaScript alone', { timeout: 120_000 }, async () => {
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

  const probe = "import { defineTool } from 'tenantry/tool'; console.log(typeof defineTool);";
  const imported = await run(process.execPath, ['--input-type=module', '-e', probe], { cwd: project });
  expect(imported.stdout.trim()).toBe('function');

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
