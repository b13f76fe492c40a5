import { join } from 'node:path';
import { expect, test } from 'vitest';
import { exposedToPrograms, secretsIn } from '../../../src/config/secrets.ts';
import { root, writeConfig } from '../../support/fresh-start.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startServer } from '../../support/program.ts';

const program = { command: process.execPath, args: [join(root, 'test/support/telling-program.ts')] };
const ofProgram = { prefix: 'p', mcp: program, scopes: { tell: 'agent:read' } };

test('the start says which secrets a program of the same user can read, by name alone', async () => {
  const downstreams = [{ ...ofProgram, credential: { environment: 'DESK_TOKEN' } }];
  const { dir, file } = writeConfig({ builtinTools: false, downstreams });
  const env = { TENANTRY_CONFIG: file, ADMIN_TOKEN, DESK_TOKEN: 'of-the-desk-of-acme' };
  const server = await startServer(env, dir);
  const [line = ''] = await server.waitFor('stderr', /^.*SECURITY\.md.*$/m);
  expect(JSON.parse(line)).toMatchObject({ level: 40, prefix: 'p', variables: ['ADMIN_TOKEN'] });
  server.kill('SIGTERM');
  const { stdout, stderr } = await server.closed;
  expect(stdout + stderr).not.toMatch(/of-the-desk-of-acme/);
  expect(stdout + stderr).not.toContain(ADMIN_TOKEN);
});

const config = (list: readonly object[], credential?: object) =>
  ({ downstream: { credential }, downstreams: list }) as unknown as Parameters<typeof exposedToPrograms>[0];

test('a program is told of for what it can read and was not given', () => {
  const own = { ...ofProgram, credential: { environment: 'DESK_TOKEN' } };
  const away = { prefix: 'a', mcp: 'https://mcp.example.com', credential: { environment: 'AWAY_TOKEN' } };
  const env = { ADMIN_TOKEN: '', METRICS_TOKEN: 'set', DESK_TOKEN: 'set', AWAY_TOKEN: 'set' };
  const exposed = (prefix: string, ...variables: string[]) => ({ prefix, variables });
  expect(exposedToPrograms(config([own]), { DESK_TOKEN: 'set' })).toEqual([]);
  expect(exposedToPrograms(config([away]), env)).toEqual([]);
  expect(exposedToPrograms(config([own, away]), env)).toEqual([exposed('p', 'METRICS_TOKEN', 'AWAY_TOKEN')]);
  const many = config([own], { environment: 'PLATFORM_{organization_id}' });
  expect(exposedToPrograms(many, {})).toEqual([exposed('p', 'PLATFORM_{organization_id}')]);
});

test('no log line holds a token or a credential, for all or for one organisation', () => {
  const many = config([ofProgram], { environment: 'PLATFORM_{organization_id}' });
  const env = { ADMIN_TOKEN: 'the-admin-token', PLATFORM_org_1: 'of-the-first', OTHER: 'of-nobody-here' };
  expect(secretsIn(many, env)).toEqual(['the-admin-token', 'of-the-first']);
});
