import { expect, test } from 'vitest';
import { linePeer } from '../../support/line-peer.ts';
import { startProgram } from '../../support/program.ts';
import { emptyPage, json, queryOf, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

test('the program that is asked to stop answers what it had read, and ends', async () => {
  const platform = await startRestPlatform(async (call, response) => {
    await new Promise((resolve) => setTimeout(resolve, 500));
    json(response, emptyPage(queryOf(call).get('organization_id')));
  });
  const app = await startApp({ seed: false, config: { downstream: { url: platform.url } } });
  const acme = await app.provision('Acme Research');
  const program = startProgram(['stdio'], {
    TENANTRY_API_KEY: acme.defaultKey,
    TENANTRY_CONFIG: `${app.dataDir}/mcp.config.json`,
  });
  const client = linePeer(program.stdin, program.stdoutStream);
  await client.handshake();
  const answer = client.callTool(1, 'search_agents');
  await expect.poll(() => platform.calls.length).toBe(1);
  program.kill('SIGTERM');
  expect((await answer).result.structuredContent).toEqual({ agents: [], next_cursor: null });
  expect(await program.closed).toMatchObject({ code: 0, signal: null });
  expect((await app.audit()).filter(({ tool }) => tool === 'search_agents')).toMatchObject([{ status: 200 }]);
});
