import { setTimeout } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import type { Answer } from '../../../src/transport/http/request-context.ts';
import type { Route } from '../../../src/transport/http/router.ts';
import { type Arrived, createPipeline } from '../../../src/transport/http/step-runner.ts';
import { callTool, type JsonAnswer, requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { type Step, startRecorded } from '../../support/recorded-app.ts';
import { startSlowRequest } from '../../support/slow-request.ts';

type App = Awaited<ReturnType<typeof startRecorded>>;
type Kind = Route['kind'];

const arrival: readonly Step[] = ['route', 'host', 'origin'];
const credential: readonly Step[] = ['audit slot', 'capacity', 'authenticate'];
const call: readonly Step[] = ['share', 'place', 'watch', 'answer'];
const callWithBody: readonly Step[] = ['share', 'body', 'place', 'watch', 'answer'];
const end: readonly Step[] = ['audit row', 'write'];

/** A request of each kind of route, and all that it sets off, in order. */
const ways: Readonly<
  Record<Kind, { readonly send: (app: App) => Promise<JsonAnswer>; readonly way: readonly Step[] }>
> = {
  mcp: {
    send: ({ url, acme }) => callTool(url, acme.defaultKey, 'whoami', {}, { origin: 'http://localhost' }),
    way: [...arrival, ...credential, ...callWithBody, ...end, 'unwatch'],
  },
  rest: {
    send: ({ url, writer }) => ask(url, 'POST', '/v1/research-groups', writer, {}),
    way: [...arrival, ...credential, ...callWithBody, ...end, 'unwatch'],
  },
  document: {
    send: ({ url, acme }) => ask(url, 'GET', '/openapi.json', acme.defaultKey),
    way: [...arrival, 'public answer', ...credential, ...call, ...end, 'unwatch'],
  },
  operator: {
    send: ({ url }) => ask(url, 'GET', '/admin/organizations', ADMIN_TOKEN),
    way: [...arrival, ...credential, ...call, ...end, 'unwatch'],
  },
  'sign-in': {
    send: ({ url, acme }) => ask(url, 'GET', '/token', acme.defaultKey),
    way: [...arrival, ...credential, ...end],
  },
  public: {
    send: ({ url }) => ask(url, 'GET', '/healthz', undefined),
    way: [...arrival, 'public answer', 'write'],
  },
};

const ask = (url: string, method: string, path: string, key: string | undefined, body?: object) =>
  requestJson(url + path, {
    method,
    key,
    headers: { origin: 'http://localhost', 'x-break-glass-reason': 'a test' },
    ...(body && { body }),
  });

/** All that one request sets off, once its answer has left. */
async function stepsOf(app: App, { send, way }: (typeof ways)[Kind]) {
  app.steps.length = 0;
  const answer = await send(app);
  await expect.poll(() => app.steps.at(-1)).toBe(way.at(-1));
  return { answer, taken: [...app.steps] };
}

describe.each(Object.entries(ways))('a request of the kind %s', (_kind, request) => {
  test('takes the steps of its kind, in their order, and no other', async () => {
    const { taken } = await stepsOf(await startRecorded(), request);
    expect(taken).toEqual(request.way);
  });

  test('that fails at any step takes none after it; its row is committed, where it has one, then it is answered', async () => {
    const app = await startRecorded();
    for (const [index, step] of request.way.entries()) {
      if (['body', 'audit row', 'write', 'unwatch'].includes(step)) continue;
      app.failing.at = step;
      const before = request.way.slice(0, index + 1);
      const way = [
        ...before,
        ...(before.includes('capacity') ? end : (['write'] as const)),
        ...(before.includes('answer') ? (['unwatch'] as const) : []),
      ];
      const { answer, taken } = await stepsOf(app, { ...request, way });
      // What is left of its body is read, so that it can be thrown away.
      const read = taken.filter((each, at) => each !== 'body' || at <= index);
      expect([step, read]).toEqual([step, way]);
      expect([step, answer.status]).toEqual([step, 500]);
      expect(answer.text).not.toContain('a bug in');
      expect(app.log.join('')).toContain(`a bug in ${step}`);
    }
  });
});

test('a document without a credential is answered in public, and opens no audit slot', async () => {
  const app = await startRecorded();
  const way: readonly Step[] = [...arrival, 'public answer', 'write'];
  const send = ({ url }: App) => ask(url, 'GET', '/openapi.json', undefined);
  const { answer, taken } = await stepsOf(app, { send, way });
  expect([answer.status, taken]).toEqual([200, way]);
});

test('a path that is not there is answered before anything is done for it', async () => {
  const app = await startRecorded();
  const way: readonly Step[] = [...arrival, 'public answer', 'write'];
  const send = ({ url, acme }: App) => ask(url, 'GET', '/nowhere', acme.defaultKey);
  const { answer, taken } = await stepsOf(app, { send, way });
  expect([answer.status, taken]).toEqual([404, way]);
});

test('a caller whose body took its time is identified again, once, before the call', async () => {
  const app = await startRecorded();
  const body = { name: 'Late' };
  const slow = startSlowRequest(app.port, 'POST', '/v1/research-groups', [
    `Authorization: Bearer ${app.writer}`,
    'Origin: http://localhost',
  ]);
  slow.begin(body);
  await expect.poll(() => app.steps).toContain('body');
  await setTimeout(150);
  await slow.end(body);
  const again = ['body', 'place', 'authenticate', 'watch'];
  const taken = app.steps.slice(app.steps.indexOf('body'));
  expect(taken.slice(0, again.length)).toEqual(again);
  expect(app.steps.filter((step) => step === 'authenticate')).toHaveLength(2);
});

describe('a pipeline', () => {
  const arrived = () => ({}) as Arrived; // No step here looks at the request.
  const route: Route = { kind: 'sign-in' };
  const answer: Answer = { status: 204, headers: {}, body: null, errorCode: null };

  test('gives each step what those before it found, and waits for each', async () => {
    const seen: unknown[] = [];
    const steps = createPipeline()
      .step(['sign-in'], async () => ({ route }))
      .step(['public'], () => ({ skipped: true }))
      .step(['sign-in'], (call) => void seen.push({ ...call }))
      .step(['sign-in'], async (call) => ({ path: call.route.kind }))
      .step(['sign-in'], (call) => void seen.push({ ...call }));
    const call = arrived();
    await steps.run(call);
    expect(seen).toEqual([{ route }, { route, path: 'sign-in' }]);
    expect(call).toEqual({ route, path: 'sign-in' });
  });

  test('ends at the first answer', async () => {
    const later = vi.fn(() => ({ late: true }));
    const call = arrived();
    await createPipeline()
      .step(['sign-in'], () => ({ route }))
      .step(['sign-in'], () => ({ answer }))
      .step(['sign-in'], later)
      .run(call);
    expect([later.mock.calls, call]).toEqual([[], { route, answer }]);
  });

  test.each(['at once', 'later'])(
    'ends at a step that throws %s, and keeps what was found before',
    async (when) => {
      const failure = new Error('a bug');
      const fail = () => {
        if (when === 'at once') throw failure;
        return Promise.reject(failure);
      };
      const later = vi.fn(() => ({ late: true }));
      const call = arrived();
      const run = createPipeline()
        .step(['sign-in'], () => ({ route }))
        .step<object>(['sign-in'], fail)
        .step(['sign-in'], later)
        .run(call);
      await expect(run).rejects.toBe(failure);
      expect([later.mock.calls, call]).toEqual([[], { route }]);
    },
  );
});
