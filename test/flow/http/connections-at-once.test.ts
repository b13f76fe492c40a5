import { existsSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { temporaryDir } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { startServer } from '../../support/program.ts';

const SETTING = '/proc/sys/net/core/somaxconn';
/** As many as the system lets wait for a program that is busy; systems other than Linux let 128. */
const crowd = existsSync(SETTING) ? Math.min(800, Number(readFileSync(SETTING, 'utf8'))) : 128;

test('a crowd that connects at once while the process is busy waits for it, and is served', async () => {
  const server = await startServer({ TENANTRY_DATA_DIR: join(temporaryDir(), 'data') });
  const port = Number(new URL(server.url).port);
  server.kill('SIGSTOP');
  onTestFinished(() => void server.kill('SIGCONT'));
  let made = 0;
  let answered = 0;
  for (let each = 0; each < crowd; each += 1) {
    const socket = connect(port, '127.0.0.1', () => {
      made += 1;
      socket.write('GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n');
    });
    socket.once('data', (bytes) => {
      if (String(bytes).startsWith('HTTP/1.1 200')) answered += 1;
    });
    socket.on('error', () => {});
    onTestFinished(() => void socket.destroy());
  }
  await expect.poll(() => made).toBe(crowd);
  server.kill('SIGCONT');
  await expect.poll(() => answered).toBe(crowd);
  expect(await requestJson(`${server.url}/healthz`)).toMatchObject({ status: 200 });
});
