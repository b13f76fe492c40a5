import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createUnexpectedEnd } from '../../../src/server/unexpected-end.ts';
import { readDemo, root, writeConfig } from '../../support/fresh-start.ts';
import { callTool } from '../../support/http.ts';
import { startServer } from '../../support/program.ts';

const tools = join(root, 'test/support/failing-tools.ts');
const secrets = { ADMIN_TOKEN: randomBytes(24).toString('hex'), DESK_TOKEN: randomBytes(24).toString('hex') };

async function startFailing(more: object = {}) {
  const { dir, file } = writeConfig({
    demo: true,
    tools,
    limits: { maxEventLoopDelayMs: 0 },
    downstream: { url: 'embedded:', credential: { environment: 'DESK_TOKEN' } },
    ...more,
  });
  const server = await startServer({ TENANTRY_CONFIG: file, ...secrets }, dir);
  const [key = ''] = readDemo(server.seen.stderr).defaultKeys;
  const fatal = () =>
    server.seen.stderr
      .split('\n')
      .flatMap((line) => (line.startsWith('{"level":60') ? [JSON.parse(line)] : []));
  return { server, fatal, call: (name: string) => callTool(server.url, key, name) };
}

test.each([
  ['leave_rejection', 'nobody’s, with [secret] and [secret]'],
  ['throw_later', 'thrown by a timer'],
])(
  'what nobody caught is logged without a secret, and the server answers what is under way and ends: %s',
  async (name, message) => {
    const { server, fatal, call } = await startFailing();
    expect((await call(name)).body.result.structuredContent).toEqual({ left: true });
    const { code, signal, stderr } = await server.closed;
    expect([code, signal]).toEqual([1, null]);
    expect(fatal()).toMatchObject([
      { name: 'Error', message, msg: 'an error that nobody caught; this process stops' },
    ]);
    for (const secret of Object.values(secrets)) expect(stderr).not.toContain(secret);
  },
);

test('a worker that fails so is replaced, and the server stays', { timeout: 120_000 }, async () => {
  const { server, fatal, call } = await startFailing({ server: { port: 0, workers: 2 } });
  expect((await call('leave_rejection')).status).toBe(200);
  await server.waitFor('stderr', /a worker ended; another takes its place/, 30_000);
  expect(fatal()).toHaveLength(1);
  await expect.poll(async () => (await call('whoami')).status, { timeout: 30_000 }).toBe(200);
  server.kill('SIGTERM');
  expect((await server.closed).code).toBe(0);
});

test('a server whose log nobody reads any more goes on, and stops cleanly', async () => {
  const { server, call } = await startFailing({ logLevel: 'debug' });
  server.stderrStream.destroy();
  for (let each = 0; each < 5; each += 1) expect((await call('whoami')).status).toBe(200);
  server.kill('SIGTERM');
  expect((await server.closed).code).toBe(0);
});

test('a command that serves nothing ends at once, and says why', () => {
  const said: (string | number)[] = [];
  const end = createUnexpectedEnd({ err: (line) => said.push(line), exit: (code) => said.push(code) });
  end.note(new Error('of a command'));
  end.note({ key: 'a value may hold anything' });
  expect(said).toEqual([
    'tenantry: an error that nobody caught: of a command',
    1,
    'tenantry: an error that nobody caught: no error was thrown, but a value',
    1,
  ]);
});
