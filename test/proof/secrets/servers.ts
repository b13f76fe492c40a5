import { join } from 'node:path';
import { readDemo, writeConfig } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startServer } from '../../support/program.ts';
import { noteKey } from '../../support/secrets.ts';

export const METRICS_TOKEN = 'b7d1f0a96c3e48527f1d0e9c8b7a6f5e4d3c2b1a0918273645f0e1d2c3b4a596';

/** A server that tells as much as it can in its log, on a store that was bootstrapped over HTTP. */
export async function startBootstrapped() {
  const tools = join(import.meta.dirname, 'careless-tools.ts');
  const keys = { maxPerOrganization: 1_000_000, workspaceTokens: true };
  const { dir, file } = writeConfig({ dataDir: './data', logLevel: 'debug', keys, tools });
  const first = await startServer({ TENANTRY_CONFIG: file }, dir);
  const [, code = ''] = await first.waitFor('stderr', /"code":"([^"]+)"/);
  const { body } = await requestJson(`${first.url}/admin/bootstrap`, {
    body: { organization: 'First', code },
  });
  const plaintexts: string[] = [body.default_key, body.manager_key];
  plaintexts.forEach(noteKey);
  first.kill('SIGTERM');
  await first.closed;
  const env = { TENANTRY_CONFIG: file, ADMIN_TOKEN, METRICS_TOKEN };
  return { dir, env, code, plaintexts, server: await startServer(env, dir) };
}

/** The first start of a demo, and the keys that it printed. */
export async function startDemo() {
  const { dir, file } = writeConfig({ dataDir: './data', logLevel: 'debug', demo: true });
  const server = await startServer({ TENANTRY_CONFIG: file }, dir);
  await server.waitFor('stderr', /npx tenantry call/);
  const { defaultKeys, managerKeys } = readDemo(server.seen.stderr);
  const plaintexts = [...defaultKeys, ...managerKeys];
  plaintexts.forEach(noteKey);
  return { dir, server, plaintexts };
}
