import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';
import { readDemo, root, writeConfig } from '../support/fresh-start.ts';
import { requestJson } from '../support/http.ts';
import { startProgram, startServer } from '../support/program.ts';

const TOKEN = 'a-token-for-metrics-of-more-than-32-bytes';
/** Two workers on a demo store, and connections that each stay with the worker that took them. */
async function startTwoWorkers(config: Record<string, unknown> = {}, connections = 8) {
  const server = { port: 0, workers: 2 };
  const { dir, file } = writeConfig({ demo: true, dataDir: '.', server, ...config });
  const program = await startServer({ TENANTRY_CONFIG: file, METRICS_TOKEN: TOKEN }, dir);
  await program.waitFor('stdout', /listening/);
  const { defaultKeys, managerKeys } = readDemo(program.seen.stderr);
  const agents = Array.from({ length: connections }, () => new Agent({ keepAlive: true, maxSockets: 1 }));
  onTestFinished(() => {
    for (const agent of agents) agent.destroy();
  });
  return {
    program,
    file,
    agents,
    defaultKey: defaultKeys[0] ?? '',
    managerKey: managerKeys[0] ?? '',
    whoami: (agent: Agent, key: string) => statusOn(agent, `${program.url}/v1/whoami`, key),
    workers: () => childrenOf(program.pid ?? 0),
  };
}

/** The status of a GET on the one connection of `agent`; 0 where the connection broke. */
function statusOn(agent: Agent, url: string, key: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(url, { agent, headers: { authorization: `Bearer ${key}` } }, (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0));
    });
    sent.on('error', () => resolve(0)).end();
  });
}

const childrenOf = (pid: number): readonly number[] =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const until = (holds: () => boolean): Promise<void> => expect.poll(holds, { interval: 20 }).toBe(true);

test('a key that one worker revokes is refused by every worker on the next request', async () => {
  const { program, agents, defaultKey, managerKey, whoami, workers } = await startTwoWorkers();
  expect(workers()).toHaveLength(2);
  for (const agent of agents) expect(await whoami(agent, defaultKey)).toBe(200);
  const { body } = await requestJson(`${program.url}/v1/whoami`, { key: defaultKey });
  const revoked = await requestJson(`${program.url}/v1/keys/${body.key.key_id}`, {
    method: 'DELETE',
    key: managerKey,
  });
  expect(revoked.status).toBe(200);
  for (const agent of agents) expect(await whoami(agent, defaultKey)).toBe(401);
});

test('both workers answer; one that is killed takes its own connections with it and is replaced', async () => {
  const { program, agents, defaultKey, whoami, workers } = await startTwoWorkers();
  for (const agent of agents) await whoami(agent, defaultKey);
  const [victim = 0, other = 0] = workers();
  let closed = 0;
  for (const agent of agents) {
    Object.values(agent.freeSockets)[0]?.[0]?.once('close', () => {
      closed += 1;
    });
  }
  process.kill(victim, 'SIGKILL');
  await until(() => workers().length === 2 && workers().every((pid) => pid !== victim));
  await until(() => closed > 0);
  expect(closed).toBeLessThan(agents.length);
  expect(workers()).toContain(other);
  await until(() => /another takes its place/.test(program.seen.stderr));
  for (let count = 0; count < 20; count += 1) {
    expect((await requestJson(`${program.url}/v1/whoami`, { key: defaultKey })).status).toBe(200);
  }
});

test('the rate of a key is one rate over all workers', async () => {
  const limits = { requestsPerMinutePerKey: 60 };
  const { agents, defaultKey, whoami } = await startTwoWorkers({ limits });
  const statuses: number[] = [];
  const startedMs = performance.now();
  for (let count = 0; count < 160; count += 1) {
    statuses.push(await whoami(agents[count % agents.length] ?? new Agent(), defaultKey));
    await pause(4);
  }
  const admitted = statuses.filter((status) => status === 200).length;
  // A minute's worth, what refills meanwhile, and what was admitted before the news of it came: not twice the limit.
  const refilled = (performance.now() - startedMs) / 1000;
  expect(admitted).toBeGreaterThanOrEqual(60);
  expect(admitted).toBeLessThan(85 + refilled);
  expect(new Set(statuses)).toEqual(new Set([200, 429]));
});

test('a flood of bad credentials fills the audit no faster than with one process', async () => {
  const { program, file, agents, managerKey, whoami } = await startTwoWorkers();
  const startedMs = performance.now();
  for (let count = 0; count < 120; count += 1) {
    expect(
      await whoami(agents[count % agents.length] ?? new Agent(), `${managerKey.slice(0, -6)}000000`),
    ).toBe(401);
    // The other worker hears of it within a tenth of a second.
    await pause(count < 40 ? 25 : 4);
  }
  const minutes = Math.ceil((performance.now() - startedMs) / 60_000);
  program.kill('SIGTERM');
  await program.closed;
  const listed = startProgram(['audit', 'list', '--code', 'INVALID_TOKEN', '--limit', '200', '--json'], {
    TENANTRY_CONFIG: file,
  });
  const { stdout } = await listed.closed;
  const rows = JSON.parse(stdout).events.length;
  expect(rows).toBeGreaterThanOrEqual(20);
  // Twenty in a minute from one address, and what came before the news of it; forty without.
  expect(rows).toBeLessThan(40 * minutes);
  const summed = startProgram(['audit', 'list', '--json', '--limit', '200'], { TENANTRY_CONFIG: file });
  const { events } = JSON.parse((await summed.closed).stdout);
  const summaries: { change: { unwritten: number } }[] = events.filter(
    ({ kind }: { kind: string }) => kind === 'summary',
  );
  expect(summaries.length).toBeLessThanOrEqual(minutes + 1);
  expect(summaries.reduce((sum, { change }) => sum + change.unwritten, 0)).toBe(120 - rows);
});

test('the metrics are those of all workers together', async () => {
  const { program, agents, defaultKey, whoami } = await startTwoWorkers();
  for (const agent of agents) expect(await whoami(agent, defaultKey)).toBe(200);
  const { text, status } = await requestJson(`${program.url}/metrics`, { key: TOKEN });
  expect(status).toBe(200);
  expect(text).toContain(
    `tenantry_requests_total{method="GET",tool="whoami",status="200",code=""} ${agents.length}`,
  );
  expect(text).toContain('process_cpu_seconds_total');
});

test('calls under way when the server is asked to stop are answered, and all processes end', async () => {
  const { dir, file } = writeConfig({
    demo: true,
    dataDir: '.',
    tools: './tools.mjs',
    server: { port: 0, workers: 2 },
  });
  const begun = join(dir, 'begun');
  const door = pathToFileURL(join(root, 'src/tool.js')).href;
  const zod = pathToFileURL(join(root, 'node_modules/zod/index.js')).href;
  writeFileSync(
    join(dir, 'tools.mjs'),
    `import { appendFileSync } from 'node:fs';
    import { setTimeout } from 'node:timers/promises';
    import { defineTool } from '${door}';
    import { z } from '${zod}';
    export const tools = [defineTool({ name: 'slow', title: 'Slow', description: 'Takes its time.', scope: 'any', effect: 'reads',
      rest: 'GET /v2/slow', input: z.strictObject({}), output: z.object({ ok: z.boolean() }),
      async handle() {
        appendFileSync(${JSON.stringify(begun)}, 'x');
        await setTimeout(1500);
        return { ok: true };
      } })];`,
  );
  const program = await startServer({ TENANTRY_CONFIG: file }, dir);
  const { defaultKeys } = readDemo(program.seen.stderr);
  const children = childrenOf(program.pid ?? 0);
  const answers = Array.from({ length: 6 }, () =>
    requestJson(`${program.url}/v2/slow`, { key: defaultKeys[0] }),
  );
  await until(() => existsSync(begun) && readFileSync(begun).length === answers.length);
  program.kill('SIGTERM');
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual(Array(6).fill(200));
  expect(await program.closed).toMatchObject({ code: 0, signal: null });
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
});

test('a server that is asked to stop while a worker is being replaced ends, and does not wait for it', async () => {
  const { program, workers } = await startTwoWorkers();
  const victim = workers()[0] ?? 0;
  process.kill(victim, 'SIGKILL');
  // The one that takes its place has been started, and is on its way up.
  await until(() => workers().length === 2 && !workers().includes(victim));
  program.kill('SIGTERM');
  expect(await program.closed).toMatchObject({ code: 0, signal: null });
});

test('a worker that dies before all are there is a start that failed', async () => {
  const { dir, file } = writeConfig({ dataDir: '.', server: { port: 0, workers: 3 } });
  const program = startProgram(['serve'], { TENANTRY_CONFIG: file }, dir);
  await until(() => childrenOf(program.pid ?? 0).length === 3);
  process.kill(childrenOf(program.pid ?? 0)[1] ?? 0, 'SIGKILL');
  const { code, stdout, stderr } = await program.closed;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('a worker ended before all accepted requests');
});

test('no worker has the bootstrap code in its environment', async () => {
  const { dir, file } = writeConfig({ dataDir: '.', server: { port: 0, workers: 2 } });
  const program = await startServer({ TENANTRY_CONFIG: file }, dir);
  const [, code = ''] = /"code":"([\w-]+)"/.exec(program.seen.stderr) ?? [];
  expect(code).not.toBe('');
  for (const pid of childrenOf(program.pid ?? 0)) {
    expect(readFileSync(`/proc/${pid}/environ`, 'utf8')).not.toContain(code);
  }
});

test('the code that is printed opens the bootstrap of either worker, once', async () => {
  const { dir, file } = writeConfig({ dataDir: '.', server: { port: 0, workers: 2 } });
  const program = await startServer({ TENANTRY_CONFIG: file }, dir);
  const [, code = ''] = /"code":"([\w-]+)"/.exec(program.seen.stderr) ?? [];
  const make = () =>
    requestJson(`${program.url}/admin/bootstrap`, { method: 'POST', body: { organization: 'Acme', code } });
  const statuses = (await Promise.all([make(), make(), make(), make()])).map(({ status }) => status);
  expect(statuses.sort()).toEqual([201, 409, 409, 409]);
});

test('workers that cannot listen are a start that failed, said once', async () => {
  const taken = createServer();
  const port = await new Promise<number>((resolve) =>
    taken.listen(0, '127.0.0.1', () => resolve((taken.address() as { port: number }).port)),
  );
  onTestFinished(() => void taken.close());
  const { dir, file } = writeConfig({ demo: true, dataDir: '.', server: { port, workers: 2 } });
  const program = startProgram(['serve'], { TENANTRY_CONFIG: file }, dir);
  const { code, stderr, stdout } = await program.closed;
  expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
  expect(stderr).toContain('stop what listens there, or set PORT');
  expect(stderr).not.toContain('default key');
});
