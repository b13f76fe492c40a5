import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import { expect, test } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { bareEnvironment, mainFile } from '../support/program.ts';

const FULL = '/dev/full';

test.skipIf(!existsSync(FULL))(
  'a command whose output cannot be written says so, and that what it changed is changed',
  { timeout: 60_000 },
  () => {
    const { dir, file } = writeConfig({ demo: false });
    const env = { ...bareEnvironment(), TENANTRY_CONFIG: file };
    const full = openSync(FULL, 'w');
    const made = spawnSync(process.execPath, [mainFile, 'orgs', 'create', 'Acme'], {
      cwd: dir,
      env,
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(made.status).toBe(1);
    expect(made.stderr).toContain(
      'tenantry: what was to be shown could not be written (ENOSPC); what was changed is changed: revoke a key that nobody saw.',
    );
    const listed = spawnSync(process.execPath, [mainFile, 'orgs', 'list'], {
      cwd: dir,
      env,
      encoding: 'utf8',
    });
    expect(listed.stdout).toContain('Acme');
  },
);
