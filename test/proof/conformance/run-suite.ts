import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { bareEnvironment } from '../../support/program.ts';

/** One scenario of the official suite, as it ended. */
export type Scenario = {
  readonly name: string;
  /** Checks of what servers MUST do. */
  readonly failed: readonly string[];
  /** Checks of what they SHOULD do; a scenario passes with these. */
  readonly warned: readonly string[];
  readonly checks: number;
};

type Check = { readonly id: string; readonly status: string; readonly errorMessage?: string };

const packages = join(import.meta.dirname, '../../../node_modules');
const suites = {
  '0.2': join(packages, '@modelcontextprotocol/conformance/dist/index.js'),
  '0.1': join(packages, 'conformance-2025/dist/index.js'),
};

/** Runs a release of the official suite against `url`, as its users do, and reads what it leaves behind. */
export async function runSuite(
  release: keyof typeof suites,
  url: string,
  selection: readonly string[],
): Promise<readonly Scenario[]> {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-conformance-'));
  try {
    const args = [suites[release], 'server', '--url', url, ...selection, '-o', folder];
    // The older release always writes below the folder where it runs.
    const child = spawn(process.execPath, args, { cwd: folder, env: bareEnvironment(), stdio: 'ignore' });
    await once(child, 'close');
    return globSync(`${folder}/**/checks.json`).map(readScenario);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function readScenario(file: string): Scenario {
  const name = basename(dirname(file))
    .replace(/^server-/, '')
    .replace(/-\d{4}-\d\d-\d\dT[\d-]+Z$/, '');
  const checks = JSON.parse(readFileSync(file, 'utf8')) as readonly Check[];
  const ended = (as: string) =>
    checks
      .filter(({ status }) => status === as)
      .map(({ id, errorMessage = '' }) => `${id} ${errorMessage}`.trim());
  return { name, failed: ended('FAILURE'), warned: ended('WARNING'), checks: checks.length };
}
