import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { startHogs } from '../support/cpu-hog.ts';
import { readDemo, writeConfig } from '../support/fresh-start.ts';
import { callTool, requestJson, rpc } from '../support/http.ts';
import { startServer } from '../support/program.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const OPERATIONS = 1000;
const HOG_SECONDS = 3600;

const organization = { in: 'query', name: 'organization_id' } as const;

/** A document of so many operations, none of which is called. */
const longDocument = {
  openapi: '3.1.0',
  info: { title: 'Long', version: '1' },
  servers: [{ url: 'https://long.example' }],
  paths: Object.fromEntries(
    Array.from({ length: OPERATIONS }, (_, index) => [
      `/things-${index}/{id}`,
      {
        get: {
          operationId: `getThing${index}`,
          parameters: [
            { name: 'id', in: 'path', required: true, schema: { type: 'string' } },
            { ...organization, required: true, schema: { type: 'string' } },
          ],
          responses: { 200: { description: 'ok' } },
        },
      },
    ]),
  ),
};

const settings = [
  ['as it is shipped', {}],
  ['with two workers', { server: { workers: 2 } }],
  [
    'with a thousand operations',
    {
      downstreams: [
        { prefix: 'long', openapi: './long.json', scopes: { methods: { get: 'agent:read' } }, organization },
      ],
    },
  ],
] as const;

test('the first calls after a start are answered, however busy the machine is', async (context) => {
  const starts = trials({ planted: 3, ci: 10, full: 200 });
  const hogs = startHogs(availableParallelism(), HOG_SECONDS);
  onTestFinished(hogs.stop);
  const failures: string[] = [];
  const firstMs: number[] = [];
  for (let start = 0; start < starts; start += 1) {
    const [name, config] = settings[start % settings.length] ?? settings[0];
    const { dir, file } = writeConfig({ demo: true, ...config });
    writeFileSync(join(dir, 'long.json'), JSON.stringify(longDocument));
    const server = await startServer({ TENANTRY_CONFIG: file }, dir);
    const listeningMs = performance.now();
    const { defaultKeys, managerKeys } = readDemo(server.seen.stderr);
    const answers = await Promise.all([
      requestJson(`${server.url}/v1/whoami`, { key: defaultKeys[0] }),
      callTool(server.url, defaultKeys[1], 'search_agents', { query: 'nurse' }),
      rpc(server.url, managerKeys[0], 'tools/list'),
      requestJson(`${server.url}/readyz`),
    ]);
    firstMs.push(performance.now() - listeningMs);
    for (const { status, text } of answers) {
      if (status !== 200) failures.push(`start ${start}, ${name}: ${status} ${text.slice(0, 200)}`);
    }
    server.kill('SIGTERM');
    const { code } = await server.closed;
    if (code !== 0) failures.push(`start ${start}, ${name}: ended with ${code}`);
  }
  prove(context, {
    id: 'start.first-touch',
    property: 'The first calls after "listening" are answered 200, beside a busy loop on each core.',
    trials: starts,
    unit: 'starts',
    failures,
    measured: {
      hogs: availableParallelism(),
      slowest_first_calls_ms: Math.round(Math.max(...firstMs)),
      operations: OPERATIONS,
    },
  });
});
