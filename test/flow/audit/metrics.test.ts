import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { callTool, requestJson } from '../../support/http.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const token = 'a-token-for-metrics-of-more-than-32-bytes';

test('metrics exist only where a token is set, and answer to it alone', async () => {
  const shut = await startTwoTenants({ seed: false });
  expect((await requestJson(`${shut.url}/metrics`, { key: token })).status).toBe(404);

  const app = await startTwoTenants({ seed: false, env: { METRICS_TOKEN: token } });
  expect((await requestJson(`${app.url}/metrics`)).status).toBe(401);
  expect((await requestJson(`${app.url}/metrics`, { key: app.acme.defaultKey })).status).toBe(401);
  expect((await requestJson(`${app.url}/metrics`, { key: token })).status).toBe(200);
});

test('metrics count calls and refusals by tool and code, and name no tenant and no key', async () => {
  const app = await startTwoTenants({ seed: false, env: { METRICS_TOKEN: token } });
  await callTool(app.url, app.acme.defaultKey, 'whoami');
  await callTool(app.url, app.acme.defaultKey, 'mint_key', { scope_type: 'global', name: 'x' });
  const { text } = await requestJson(`${app.url}/metrics`, { key: token });
  expect(text).toContain('tenantry_requests_total{method="POST",tool="whoami",status="200",code=""} 1');
  expect(text).toContain('tool="mint_key",status="403",code="INSUFFICIENT_SCOPE"} 1');
  expect(text).toMatch(/tenantry_request_duration_seconds_count\{tool="whoami"\} 1/);
  expect(text).not.toMatch(/org_|tnt_/);
});

test('a metrics token that could be guessed is refused at start', () => {
  const file = new URL('../../../mcp.config.json', import.meta.url).pathname;
  const loaded = loadConfig({ TENANTRY_CONFIG: file, METRICS_TOKEN: 'short' }, '/');
  expect(loaded).toMatchObject({ ok: false, mistakes: ['METRICS_TOKEN: expected at least 32 bytes'] });
});
