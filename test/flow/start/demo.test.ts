import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../../..');

test('the demo tells the whole story, ends with 0 and shows no key', async () => {
  const { stdout, stderr } = await run(process.execPath, ['src/bin.js', 'demo'], { cwd: root });
  for (const [asked, answered] of [
    ['get_agent', 'NOT_FOUND'],
    ['with the header of Bolt Labs', 'ORGANIZATION_MISMATCH'],
    ['mint_key', 'INSUFFICIENT_SCOPE'],
    ['its next request', 'INVALID_TOKEN'],
  ] as const) {
    expect(stdout.slice(stdout.indexOf(asked))).toContain(answered);
  }
  expect(stdout).toMatch(/org-token:tnt_\w{8} POST \/mcp tools\/call search_agents 200 \d+ms/);
  expect(stdout + stderr).not.toMatch(/tnt_\w{8}_\w{49}/);
});
