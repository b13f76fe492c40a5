import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

// Makes dist/ for the published package; from a clone nothing is built.
const root = new URL('../', import.meta.url);
const at = (path: string): URL => new URL(path, root);

rmSync(at('dist'), { recursive: true, force: true });
execFileSync(process.execPath, ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
for (const folder of ['db/sqlite/migrations', 'db/platform/migrations']) {
  cpSync(at(folder), at(`dist/${folder}`), { recursive: true });
}
// Its own package scope, so that `#tool` means the JavaScript beside it.
const { name, version } = JSON.parse(readFileSync(at('package.json'), 'utf8'));
const scope = { name, version, type: 'module', imports: { '#tool': './src/tool/builtin.js' } };
writeFileSync(at('dist/package.json'), `${JSON.stringify(scope, null, 2)}\n`);
