import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createAgentHost } from '../../../examples/agent-host/agent-host.ts';
import { root } from '../../support/fresh-start.ts';
import { startHost } from '../../support/host-calls.ts';
import { readMarker, startMarkerPlatform } from '../../support/marker-platform.ts';
import { startScript } from '../../support/program.ts';
import { startApp, type Tenant } from '../../support/start-app.ts';

const ORGANIZATIONS = 50;
/** A hundred thousand with `npm run test:agent-host`. */
const CALLS = Number(process.env.AGENT_HOST_CALLS ?? 1000);
const AT_ONCE = 200;

/** Every JSON-RPC message leaves with id 1, and its answer gets the id back that the client gave it. */
function withIdOne(counted: { ids: Set<unknown> }): typeof fetch {
  return async (input, init) => {
    const message = typeof init?.body === 'string' ? JSON.parse(init.body) : undefined;
    if (message?.id === undefined) return fetch(input, init);
    const response = await fetch(input, { ...init, body: JSON.stringify({ ...message, id: 1 }) });
    const answer = await response.text();
    const parsed = JSON.parse(answer);
    counted.ids.add(parsed.id);
    const { status, headers } = response;
    return new Response(JSON.stringify({ ...parsed, id: message.id }), { status, headers });
  };
}

test(`${CALLS} calls for ${ORGANIZATIONS} organisations, all with JSON-RPC id 1: each answer is its own`, {
  timeout: 90_000 + CALLS * 20,
}, async () => {
  const { url, markers } = await startMarkerPlatform();
  const app = await startApp({
    seed: false,
    tools: [readMarker],
    config: { downstream: { url } },
  });
  const tenants: Tenant[] = [];
  for (let index = 0; index < ORGANIZATIONS; index += 1) tenants.push(await app.provision(`Org ${index}`));
  for (const { id } of tenants) markers.set(id, `marker of ${id}`);
  const { plaintext: hostKey } = await app.mintHost(tenants);
  const counted = { ids: new Set<unknown>() };
  const host = createAgentHost({ url: `${app.url}/mcp`, hostKey, fetch: withIdOne(counted) });
  onTestFinished(() => host.close());

  let next = 0;
  const wrong: unknown[] = [];
  const heard = new Set<string>();
  const work = async () => {
    while (next < CALLS) {
      const call = String(next++);
      const { id } = tenants[Math.floor(Math.random() * ORGANIZATIONS)] as Tenant;
      const answer = await host.callTool(id, 'read_marker', { call });
      const right = { marker: `marker of ${id}`, call };
      if (JSON.stringify(answer) === JSON.stringify(right)) heard.add(call);
      else wrong.push({ id, right, answer });
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  expect(wrong).toEqual([]);
  expect(heard.size).toBe(CALLS);
  expect([...counted.ids]).toEqual([1]);
});

test('the example speaks for whom its key was granted, and tells who refused', async () => {
  const app = await startHost();
  const env = { TENANTRY_URL: `${app.url}/mcp`, TENANTRY_API_KEY: app.host.plaintext };
  const example = (ids: string[], more: Record<string, string> = env) =>
    startScript(join(root, 'examples/agent-host/main.ts'), ids, more).closed;
  const both = await example([app.acme.id, app.bolt.id]);
  expect(both).toMatchObject({ code: 0, stderr: '' });
  const [first, second] = both.stdout.split('\n');
  expect(first).toMatch(new RegExp(`^${app.acme.id} .*"name":"${app.acme.name}"`));
  expect(second).toMatch(new RegExp(`^${app.bolt.id} .*"name":"${app.bolt.name}"`));
  const foreign = await example([app.cato.id]);
  expect(foreign.code).toBe(1);
  expect(foreign.stdout).toMatch(new RegExp(`^${app.cato.id} {2}refused: `));
  expect(foreign.stdout + foreign.stderr).not.toContain(app.host.plaintext);
  expect((await example([], {})).code).toBe(2);
});
