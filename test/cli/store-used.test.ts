import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { temporaryDir } from '../support/fresh-start.ts';
import { createCommands, createOrganization, unknownOrganization } from './commands.ts';

const org = ['--org', unknownOrganization];
/** Every command that works on a store, except those that make one. */
const needing: readonly (readonly string[])[] = [
  ['orgs', 'list'],
  ['orgs', 'suspend', unknownOrganization],
  ['orgs', 'delete', unknownOrganization],
  ['keys', 'list', ...org],
  ['keys', 'list', '--host'],
  ['keys', 'mint', ...org, '--name', 'x'],
  ['keys', 'rotate', 'key_x', ...org],
  ['keys', 'update', 'key_x', ...org, '--name', 'y'],
  ['keys', 'revoke', 'key_x', ...org],
  ['keys', 'review', ...org],
  ['keys', 'grants', 'key_x'],
  ['keys', 'confirm', '--all', ...org],
  ['keys', 'reconcile', '--dry-run'],
  ['keys', 'reconcile', '--out', 'keys.ndjson'],
  ['users', 'list', ...org],
  ['users', 'add', ...org, '--name', 'x'],
  ['groups', 'list', ...org],
  ['groups', 'create', 'x', ...org],
  ['audit', 'list'],
  ['audit', 'export'],
  ['audit', 'verify'],
  ['audit', 'prune', '--before', '2020-01-01', '--out', 'old.ndjson'],
  ['backup', '--out', 'copy.db'],
];

test.each(needing)(
  'where there is no store, "%s %s" makes none and says where it looked',
  async (...args) => {
    const commands = createCommands();
    const before = readdirSync(commands.dir);
    for (const more of [[], args.includes('export') || args.includes('reconcile') ? [] : ['--json']]) {
      const command = [...args.filter((arg) => arg !== undefined), ...more];
      const ended = await commands.run(command);
      expect(ended).toMatchObject({ code: 1, stdout: '' });
      const file = join(commands.dir, 'data', 'tenantry.db');
      expect(ended.stderr).toContain(`There is no store at ${file} (TENANTRY_CONFIG).`);
      expect(ended.stderr).toContain('"tenantry orgs create"');
    }
    expect(readdirSync(commands.dir)).toEqual(before);
  },
);

test('a store that is another one than this folder has is named, with what makes it so', async () => {
  const commands = createCommands();
  await createOrganization(commands, 'Acme');
  expect(await commands.run(['orgs', 'list'])).toMatchObject({ code: 0, stderr: '' });
  const other = temporaryDir();
  const env = { TENANTRY_DATA_DIR: other };
  const missing = await commands.run(['orgs', 'list'], env);
  expect(missing.stderr).toContain(`There is no store at ${join(other, 'tenantry.db')} (TENANTRY_DATA_DIR).`);
  const line = `store: ${join(other, 'tenantry.db')} (TENANTRY_DATA_DIR)\n`;
  expect(await commands.run(['orgs', 'create', 'Bolt', '--json'], env)).toMatchObject({
    code: 0,
    stderr: line,
  });
  const listed = await commands.run(['orgs', 'list', '--json'], env);
  expect([listed.code, listed.stderr, JSON.parse(listed.stdout).organizations[0].name]).toEqual([
    0,
    line,
    'Bolt',
  ]);
  const byUrl = { TENANTRY_STORE_URL: `sqlite:${join(other, 'tenantry.db')}` };
  const named = await commands.run(['audit', 'list'], byUrl);
  expect(named).toMatchObject({ code: 0, stderr: line.replace('DATA_DIR', 'STORE_URL') });
});

test('a file without a store in it is none, and stays as it is', async () => {
  const commands = createCommands();
  const file = join(commands.dir, 'data', 'tenantry.db');
  mkdirSync(join(commands.dir, 'data'));
  writeFileSync(file, '');
  expect((await commands.run(['audit', 'verify'])).stderr).toContain('There is no store');
  expect([readFileSync(file, 'utf8'), readdirSync(join(commands.dir, 'data'))]).toEqual([
    '',
    ['tenantry.db'],
  ]);
});

const writing: readonly (readonly string[])[] = [
  ['keys', 'reconcile'],
  ['keys', 'reconcile', '--dry-run'],
  ['audit', 'prune', '--before', '2020-01-01'],
  ['backup'],
];

test.each(writing)(
  '%s %s: an existing file at --out is refused, though nothing is to be written',
  async (...args) => {
    const commands = createCommands();
    await createOrganization(commands, 'Acme');
    const { dir } = commands;
    const events = (await commands.json(['audit', 'list'])).events;
    writeFileSync(join(dir, 'older'), 'of another run');
    mkdirSync(join(dir, 'folder'));
    mkdirSync(join(dir, 'closed'));
    symlinkSync(join(dir, 'older'), join(dir, 'link'));
    symlinkSync(join(dir, 'nowhere'), join(dir, 'dangling'));
    chmodSync(join(dir, 'closed'), 0o500);
    const isRoot = process.getuid?.() === 0;
    const places = [
      'older',
      'folder',
      'link',
      'dangling',
      'older/file',
      'absent/file',
      '',
      '.',
      '/dev/stdout',
      '/dev/null',
    ];
    for (const out of isRoot ? places : [...places, 'closed/file']) {
      const command = [...args.filter((arg) => arg !== undefined), '--out', out];
      for (const more of [[], ['--json']]) {
        const ended = await commands.run([...command, ...more]);
        expect([out, ended.code, ended.stdout]).toEqual([out, 1, '']);
        expect(ended.stderr).toMatch(
          /(?:exists already|does not exist|is a file|not be written to); nothing was /,
        );
      }
    }
    expect(readFileSync(join(dir, 'older'), 'utf8')).toBe('of another run');
    expect([existsSync(join(dir, 'nowhere')), readdirSync(join(dir, 'closed'))]).toEqual([false, []]);
    expect((await commands.json(['audit', 'list'])).events).toEqual(events);
  },
);
