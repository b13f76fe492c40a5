import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { writeConfig } from '../../support/fresh-start.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startProgram } from '../../support/program.ts';

const vector = 'orgk_Zz09Aa1b_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg24y3Um';

const weak: readonly (readonly [why: string, token: string])[] = [
  ['at least 32 bytes', ''],
  ['at least 32 bytes', '   '],
  ['at least 32 bytes', 'admin'],
  ['at least 32 bytes', 'changeme'],
  ['at least 32 bytes', ADMIN_TOKEN.slice(0, 31)],
  ['letters, digits', `${ADMIN_TOKEN} `],
  ['letters, digits', ' '.repeat(40)],
  ['letters, digits', `${ADMIN_TOKEN}\n`],
  ['letters, digits', 'é'.repeat(40)],
  ['look like a key', vector],
  ['look like a key', vector.replace('orgk', 'tnt')],
  ['look like a key', `tnt_Zz09Aa1b_${ADMIN_TOKEN}`],
  ['random', 'a'.repeat(64)],
  ['random', '0123'.repeat(16)],
  ['random', 'changeme-changeme-changeme-changeme-now'],
  ['random', 'replace_me_with_a_long_random_value_1234567890'],
  ['random', 'your-admin-token-goes-here-0123456789abcdef'],
  ['random', 'correct-horse-battery-PASSWORD-0123456789'],
  ['random', 'this-is-only-an-example-9f2c41d07be85a63'],
  ['random', 'REPLACE_WITH_A_LONG_RANDOM_STRING'],
  ['random', 'generate-with-openssl-rand-hex-32'],
  ['random', 'insert-your-own-secret-here-please'],
  ['random', 'todo-set-a-real-value-before-production'],
  ['random', 'supersecrettokensupersecrettoken'],
  ['random', '0123456789abcdef0123456789abcdef'],
  ['random', '9f2c41d09f2c41d09f2c41d09f2c41d0'],
];

test.each(weak)('a token that is not %s is refused at the start: %j', (why, token) => {
  const { file } = writeConfig({});
  const loaded = loadConfig({ TENANTRY_CONFIG: file, ADMIN_TOKEN: token }, '/');
  if (loaded.ok) throw new Error('the token was taken');
  expect(loaded.mistakes).toHaveLength(1);
  expect(loaded.mistakes[0]).toMatch(/^ADMIN_TOKEN: expected /);
  expect(loaded.mistakes[0]).toContain(why);
  if (token.trim().length > 8) expect(loaded.mistakes[0]).not.toContain(token.trim());
});

test('the token of the metrics is not that of the operator', () => {
  const { file } = writeConfig({});
  const env = { TENANTRY_CONFIG: file, ADMIN_TOKEN, METRICS_TOKEN: ADMIN_TOKEN };
  expect(loadConfig(env, '/')).toMatchObject({
    ok: false,
    mistakes: ['ADMIN_TOKEN: expected another value than METRICS_TOKEN'],
  });
});

test('random ones of every usual form are taken', () => {
  const { file } = writeConfig({});
  const tokens = [
    ADMIN_TOKEN,
    'q8Zr1vN0c7Wk3TtYp5LbXs9HdGf2JmAe6uRoViCx4+/=',
    '3f29c1de-7b4a-4e0d-9a65-1c8e2f7b0d93',
  ];
  for (const token of tokens) {
    expect(loadConfig({ TENANTRY_CONFIG: file, ADMIN_TOKEN: token }, '/')).toMatchObject({
      ok: true,
      config: { adminToken: token },
    });
  }
});

test('the process ends with 78 and one clear line, before it listens', async () => {
  const { file, dir } = writeConfig({ server: { port: 0 } });
  const program = startProgram(['serve'], { TENANTRY_CONFIG: file, ADMIN_TOKEN: 'changeme' }, dir);
  const { code, stdout, stderr } = await program.closed;
  expect([code, stdout]).toEqual([78, '']);
  expect(stderr.split('\n').filter((line) => line.includes('ADMIN_TOKEN'))).toHaveLength(1);
});
