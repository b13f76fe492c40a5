import { expect, test } from 'vitest';
import { z } from 'zod';
import { AppError } from '../../../src/errors.ts';
import { defineTool } from '../../../src/tool/public.ts';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const LEAKED_KEY = `tnt_aaaaaaaa_${'B'.repeat(49)}`;
const secrets = `SQLITE_ERROR: no such table keys in SELECT hash FROM keys, /var/lib/tenantry/secret.db, ${LEAKED_KEY}`;

/** Ways in which a tool can go wrong that its author did not think of. */
const bugs: Record<string, () => unknown> = {
  error: () => {
    throw new Error(secrets);
  },
  cause: () => {
    throw new Error('outer', { cause: new Error(secrets) });
  },
  text: () => {
    throw secrets;
  },
  nothing: () => {
    throw null;
  },
  lookalike: () => {
    throw { name: 'AppError', code: 'NOT_FOUND', status: 404, reportAs: 'tool', message: secrets };
  },
  renamed: () => {
    throw Object.assign(new TypeError(secrets), { code: -32602, data: { secrets }, status: 200 });
  },
  later: () => Promise.reject(new Error(secrets)),
  wrongOutput: () => ({ shown: 7, secrets }),
  noOutput: () => undefined,
  circular: () => {
    const shown: Record<string, unknown> = { shown: 'x', secrets };
    shown.more = shown;
    return { shown };
  },
};

const brokenTools = Object.entries(bugs).map(([name, bug]) =>
  defineTool({
    name: `broken_${name.toLowerCase()}`,
    title: 'Broken',
    description: 'Goes wrong.',
    scope: 'any',
    effect: 'reads',
    rest: `GET /v1/broken/${name.toLowerCase()}`,
    input: z.strictObject({}),
    output: z.object({ shown: z.string() }),
    // A bug may return anything; what it returns is not what was declared.
    handle: async () => (await bug()) as { shown: string },
  }),
);

const startBroken = (config = {}) => startTwoTenants({ seed: false, tools: brokenTools, config });

function expectNothingShown(answer: JsonAnswer): void {
  expect(answer.text).not.toMatch(/SQLITE|SELECT|secret|tnt_|\/var|node_modules|\.ts|at .*:\d+|outer|cause/);
}

test('a bug in a tool is INTERNAL with the request id and nothing else, on MCP', async () => {
  const app = await startBroken();
  for (const { name } of brokenTools) {
    const answer = await callTool(app.url, app.acme.defaultKey, name);
    expectRefusal(answer, 500, 'INTERNAL', name);
    expect(answer.body).toEqual({
      jsonrpc: '2.0',
      id: 1,
      error: {
        code: -32603,
        message: 'Something went wrong.',
        data: { code: 'INTERNAL', request_id: answer.headers.get('x-request-id') },
      },
    });
    expectNothingShown(answer);
    const [row] = await app.audit(1);
    expect(row).toMatchObject({ tool: name, status: 500, errorCode: 'INTERNAL', change: null });
  }
});

test.each([true, false])('in the older era, too, also where the fast lane is %s', async (fastLane) => {
  const app = await startBroken({ server: { fastLane } });
  for (const { name } of brokenTools) {
    const answer = await requestJson(`${app.url}/mcp`, {
      key: app.acme.defaultKey,
      headers: { accept: 'application/json, text/event-stream', 'mcp-protocol-version': '2025-11-25' },
      body: { jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: {} } },
    });
    expectRefusal(answer, 500, 'INTERNAL', name);
    expect(answer.body.error.code).toBe(-32603);
    expect(Object.keys(answer.body.error.data).sort()).toEqual(['code', 'request_id']);
    expectNothingShown(answer);
    const [row] = await app.audit(1);
    expect(row).toMatchObject({ tool: name, status: 500, errorCode: 'INTERNAL' });
  }
});

test('and on REST', async () => {
  const app = await startBroken();
  for (const { rest, name } of brokenTools) {
    const answer = await requestJson(app.url + (rest ?? '').replace('GET ', ''), {
      key: app.acme.defaultKey,
    });
    expectRefusal(answer, 500, 'INTERNAL', name);
    const requestId = answer.headers.get('x-request-id');
    expect(answer.body).toEqual({
      error: { code: 'INTERNAL', message: 'Something went wrong.', request_id: requestId },
    });
    expectNothingShown(answer);
  }
});

test('the log has the whole bug under the same request id, and no key even there', async () => {
  const app = await startBroken();
  const onMcp = await callTool(app.url, app.acme.defaultKey, 'broken_error');
  const onRest = await requestJson(`${app.url}/v1/broken/error`, { key: app.acme.defaultKey });
  for (const { headers } of [onMcp, onRest]) {
    const lines = app.log.filter((line) => line.includes(headers.get('x-request-id') ?? '-'));
    expect(lines.length).toBeGreaterThan(0);
    expect(lines.join()).toContain('/var/lib/tenantry/secret.db');
  }
  expect(app.log.join()).not.toContain(LEAKED_KEY.slice(13));
  expect(JSON.stringify(await app.audit())).not.toMatch(/SQLITE|secret\.db/);
});

test('the audit has the reason of a refusal, the answer never does', async () => {
  const refusing = defineTool({
    name: 'refusing',
    title: 'Refusing',
    description: 'Refuses.',
    scope: 'any',
    effect: 'reads',
    rest: 'GET /v1/refusing',
    input: z.strictObject({}),
    output: z.object({}),
    handle: async () => {
      throw new AppError('DOWNSTREAM_FAILED', { detail: { why: 'marker' }, cause: new Error('marker') });
    },
  });
  const app = await startTwoTenants({ seed: false, tools: [refusing] });
  const onMcp = await callTool(app.url, app.acme.defaultKey, 'refusing');
  const onRest = await requestJson(`${app.url}/v1/refusing`, { key: app.acme.defaultKey });
  expectRefusal(onMcp, 200, 'DOWNSTREAM_FAILED');
  expectRefusal(onRest, 502, 'DOWNSTREAM_FAILED');
  expect(onMcp.text + onRest.text).not.toContain('marker');
  const [row] = await app.audit(1);
  expect(row?.change).toContain('marker');
});

test('a server that met a bug serves on', async () => {
  const app = await startBroken();
  await Promise.all(brokenTools.map(({ name }) => callTool(app.url, app.acme.defaultKey, name)));
  expect((await requestJson(`${app.url}/readyz`)).status).toBe(200);
  const again = await callTool(app.url, app.acme.defaultKey, 'broken_error');
  expectRefusal(again, 500, 'INTERNAL');
});
