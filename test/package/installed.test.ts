import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

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
});
