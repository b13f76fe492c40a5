import { expect, test } from 'vitest';
import { defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { linePeer } from '../../support/line-peer.ts';
import { startProgram } from '../../support/program.ts';
import { json, startRestPlatform } from '../../support/rest-platform.ts';
import { startApp } from '../../support/start-app.ts';

/** The real program over stdio, on the store of an organisation whose platform is told it in the query. */
async function startStdio() {
  const platform = await startRestPlatform((_call, response) => json(response, {}));
  const app = await startApp({
    seed: false,
    config: {
      scopes: { catalogue: defaultCatalogue },
      downstream: { url: platform.url, requireOrganizationInReply: false },
    },
  });
  const acme = await app.provision('Acme');
  const env = { TENANTRY_CONFIG: `${app.dataDir}/mcp.config.json`, TENANTRY_API_KEY: acme.defaultKey };
  const program = startProgram(['stdio'], env);
  const peer = linePeer(program.stdin, program.stdoutStream);
  await peer.handshake();
  return { peer, platform, acme };
}

test('over stdio a value stays in its segment, arguments name no organisation, and each request tells it', async () => {
  const { peer, platform, acme } = await startStdio();
  for (const [index, agent_id] of ['..', '../x', '..%2Fx', '%252e%252e', 'a\\b', '.. ', 'a\n'].entries()) {
    const { result } = await peer.callTool(`path ${index}`, 'get_agent', { agent_id });
    expect([agent_id, result.isError, result._meta['tenantry/error'].code]).toEqual([
      agent_id,
      true,
      'VALIDATION_ERROR',
    ]);
  }
  for (const name of [
    'organization_id',
    'filter[organization_id]',
    'organization_id__in',
    'organization%5Fid',
  ]) {
    const { error } = await peer.callTool(name, 'search_agents', { [name]: acme.id });
    expect([name, error?.code, error?.data.code]).toEqual([name, -32602, 'ORGANIZATION_IN_ARGUMENTS']);
  }
  expect(platform.calls).toEqual([]);
  await peer.callTool('good', 'get_agent', { agent_id: 'a b?c' });
  await peer.callTool('search', 'search_agents', { query: 'nurse' });
  const targets = platform.calls.map(({ target }) => target);
  expect(targets[0]).toBe(`/v1/agents/a%20b%3Fc?organization_id=${acme.id}`);
  expect(targets).toHaveLength(2);
  for (const target of targets)
    expect(new URL(target, 'http://x').searchParams.getAll('organization_id')).toEqual([acme.id]);
  peer.end();
});
