import { expect, test } from 'vitest';
import { linePeer } from '../../support/line-peer.ts';
import { startProgram } from '../../support/program.ts';
import { startApp } from '../../support/start-app.ts';
import { openBeside } from '../../support/streams.ts';

test('a program whose client goes while another process holds the store waits for its turn, and ends well', async () => {
  const app = await startApp({ seed: false });
  const { defaultKey } = await app.provision('Acme Research');
  const env = { TENANTRY_CONFIG: `${app.dataDir}/mcp.config.json`, TENANTRY_API_KEY: defaultKey };
  const program = startProgram(['stdio'], env);
  const client = linePeer(program.stdin, program.stdoutStream);
  await client.handshake();
  const beside = openBeside(app);
  beside.lock();
  program.stdin.end();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  beside.unlock();
  expect(await program.closed).toMatchObject({ code: 0, stderr: expect.stringMatching(/^store: [^\n]+\n$/) });
});
