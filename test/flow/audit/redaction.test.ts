import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { loadConfig } from '../../../src/config/load-config.ts';
import { defineTool, path } from '../../../src/tool/public.ts';
import { prepareTools } from '../../../src/tool-sources/prepare-tools.ts';
import { runHere } from '../../cli/in-process.ts';
import { machineClock } from '../../support/clocks.ts';
import { root, writeConfig } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startApp } from '../../support/start-app.ts';

const told = { command: process.execPath, args: [join(root, 'test/support/telling-program.ts')] };
const credential = { environment: 'DESK_TOKEN' };
const entry = (mcp: unknown) => ({ prefix: 'p', mcp, scopes: { tell: 'agent:read' }, credential });

const env = {
  ADMIN_TOKEN,
  METRICS_TOKEN: 'Kq7vT2mXw9LrB4nYc8ZdF1gHs6JpA3eU',
  AUDIT_KEY: 'wR5"tN8\\bV2xM7cQ1zL4kJ9hG6fD3sA0p',
  PLATFORM_TOKEN_org_1: 'platform-of-the-first',
  PLATFORM_TOKEN_org_2: 'platform-of-the-first-and-more',
  DESK_TOKEN: 'begin-of-the-desk\nmiddle-of-the-desk',
};

test('no secret of the configuration is in the log, nor in the audit', async () => {
  const downstream = {
    url: 'https://api.example.com',
    credential: { environment: 'PLATFORM_TOKEN_{organization_id}' },
  };
  const config = { downstream, downstreams: [entry(told)] };
  const fakeReply = () => ({ status: 404, body: {} });
  const app = await startApp({ seed: false, env, config, fakeReply });
  const { defaultKey } = await app.provision('Acme');
  const secrets = [...Object.values(env), ...env.DESK_TOKEN.split('\n'), app.services.bootstrap.code];
  for (const secret of secrets) {
    app.services.log.error({ err: new Error(`refused ${secret}`), [secret]: [secret] }, `got ${secret}.`);
    const target = `${app.url}/v1/agents/${encodeURIComponent(secret)}`;
    await requestJson(target, { key: defaultKey, headers: { 'user-agent': `x ${secret.split('\n')[0]}` } });
  }
  const rows = (await app.audit()).filter(({ target }) => target.includes('/agents/'));
  const logged = app.log.map((line) => JSON.parse(line));
  expect(rows.map(({ target }) => target)).toEqual(secrets.map(() => '/v1/agents/[secret]'));
  expect(rows.map(({ clientName }) => clientName)).toEqual(secrets.map(() => 'x [secret]'));
  expect(logged.map(({ msg }) => msg)).toEqual(secrets.map(() => 'got [secret].'));
  for (const { err } of logged) expect(err.message).toBe('refused [secret]');
});

/** What the operator reads of a downstream whose tools are listed, at the start and at its approval. */
async function readAtListing(mcp: unknown) {
  const { dir, file } = writeConfig({ builtinTools: false, downstreams: [entry(mcp)] });
  const ofStart = { ...env, TENANTRY_CONFIG: file };
  const loaded = loadConfig(ofStart, dir);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('; '));
  const lines: string[] = [];
  const tell = (line: string) => void lines.push(line);
  const shipped = { tools: [], platformTools: [] };
  const { mistakes } = await prepareTools(loaded.config, ofStart, shipped, { ...machineClock(), tell });
  const { stderr } = await runHere(['downstreams', 'approve', 'p'], ofStart, dir);
  return { start: [...lines, ...mistakes].join('\n'), approval: stderr };
}

test('what a program prints of its credential while its tools are listed is redacted', async () => {
  const script = 'console.error("it is " + process.env.DESK_TOKEN); process.exit(1)';
  const read = await readAtListing({ command: process.execPath, args: ['-e', script] });
  for (const text of Object.values(read)) {
    expect(text).toContain('p: it is [secret]\np: [secret]\n');
    expect(text).not.toContain('of-the-desk');
  }
});

test('what a server answers of its credential while its tools are listed is redacted', async () => {
  const server = createServer(({ headers }, response) =>
    response.writeHead(400, { 'content-type': 'text/plain' }).end(`no ${headers.authorization}`),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  const { port } = server.address() as AddressInfo;
  const read = await readAtListing(`http://127.0.0.1:${port}/mcp`);
  for (const text of Object.values(read)) {
    expect(text).toContain('[secret]');
    expect(text).not.toContain('of-the-desk');
  }
});

const renameThing = defineTool({
  name: 'rename_thing',
  title: 'Rename a thing',
  description: 'Renames a thing.',
  scope: 'study:write',
  effect: 'writes',
  rest: 'POST /v1/things/{thing_id}',
  input: z.strictObject({ thing_id: z.string() }),
  output: z.strictObject({}),
  async handle({ thing_id }, { downstream }) {
    await downstream.post(path`/v1/things/${thing_id}`, {}, z.object({}));
    return {};
  },
});

test('the intent of a write, too, is kept without a secret', async () => {
  const config = { downstream: { url: 'https://api.example.com', requireOrganizationInReply: false } };
  const fakeReply = () => ({ status: 200, body: {} });
  const app = await startApp({ seed: false, env, config, fakeReply, tools: [renameThing] });
  const acme = await app.provision('Acme');
  const { plaintext } = await app.mint(acme, { scopes: ['study:write'] });
  await requestJson(`${app.url}/v1/things/${ADMIN_TOKEN}`, { key: plaintext, body: {} });
  const intents = (await app.audit()).filter(({ kind }) => kind === 'intent');
  const change = JSON.stringify({ method: 'POST', path: '/v1/things/[secret]' });
  expect(intents.map((row) => row.change)).toEqual([change]);
});
