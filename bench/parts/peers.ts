import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { tools } from '../../tools/index.ts';
import { type Contestant, contest, type Pace, runColumns } from '../support/contest.ts';
import { bearer, call, list, modern, older, sendOnce } from '../support/request.ts';
import { type BenchServer, makeFolder, removeFolder, startPeer, startTenantry } from '../support/server.ts';
import type { Table } from '../support/table.ts';

const demo = { demo: true };

/** Tenantry beside a server that does nothing and servers that do less, all on one core, one after the other. */
export async function measurePeers(pace: Pace): Promise<Table> {
  const folders = [
    makeFolder(demo),
    makeFolder({ ...demo, audit: { durability: 'power' } }),
    makeFolder({ ...demo, server: { fastLane: false } }),
  ] as const;
  const scratch = mkdtempSync(join(tmpdir(), 'bench-answers-'));
  const servers: BenchServer[] = [];
  const keep = async (starting: Promise<BenchServer>) => {
    const server = await starting;
    servers.push(server);
    return server;
  };
  try {
    const tenantry = await keep(startTenantry(folders[0]));
    const power = await keep(startTenantry(folders[1]));
    const sdk = await keep(startTenantry(folders[2]));
    const key = bearer(demoKey(tenantry));
    const whoami = call('whoami');
    const answers = { call: modern(key, whoami), list: modern(key, list) };
    const env = await peerEnvironment(tenantry, answers.call, answers.list, scratch);
    const bareCall = await keep(startPeer('bare', { ...env, BENCH_ANSWER: join(scratch, 'call.json') }));
    const bareList = await keep(startPeer('bare', { ...env, BENCH_ANSWER: join(scratch, 'list.json') }));
    const sdk2 = await keep(startPeer('sdk-2', env));
    const stateless = await keep(startPeer('sdk-1-stateless', env));
    const sessions = await keep(startPeer('sdk-1-sessions', env));
    const fastmcp = await keep(startPeer('fastmcp', { ...env, BENCH_PORT: String(await freePort()) }));
    const search = call('search_agents', { query: 'nurse', limit: 5 });
    const contestants: readonly (Contestant & { readonly beside: string })[] = [
      { name: BARE_CALL, server: bareCall, request: answers.call, beside: BARE_CALL },
      { name: BARE_LIST, server: bareList, request: answers.list, beside: BARE_LIST },
      { name: CALL, server: tenantry, request: answers.call, beside: BARE_CALL },
      { name: 'tools/call, 2025 era', server: tenantry, request: older(key, whoami), beside: BARE_CALL },
      {
        name: 'tools/call, audit.durability "power"',
        server: power,
        request: modern(bearer(demoKey(power)), whoami),
        beside: BARE_CALL,
      },
      { name: LIST, server: tenantry, request: answers.list, beside: BARE_LIST },
      { name: 'tools/list, 2025 era', server: tenantry, request: older(key, list), beside: BARE_LIST },
      {
        name: REFUSED,
        server: tenantry,
        request: modern(key, call('list_keys')),
        status: 403,
        beside: BARE_CALL,
      },
      { name: 'search_agents', server: tenantry, request: modern(key, search), beside: BARE_CALL },
      {
        name: 'tools/call without the fast lane',
        server: sdk,
        request: modern(bearer(demoKey(sdk)), whoami),
        beside: BARE_CALL,
      },
      { name: SDK, server: sdk2, request: answers.call, beside: BARE_CALL },
      { name: `${SDK}, tools/list`, server: sdk2, request: answers.list, beside: BARE_LIST },
      {
        name: '@modelcontextprotocol/sdk, stateless',
        server: stateless,
        request: older({}, whoami),
        beside: BARE_CALL,
      },
      {
        name: '@modelcontextprotocol/sdk, sessions',
        server: sessions,
        request: older(await openSession(sessions), whoami),
        beside: BARE_CALL,
      },
      { name: 'fastmcp, stateless', server: fastmcp, request: older({}, whoami), beside: BARE_CALL },
    ];
    const runs = await contest(contestants, pace);
    const perSecond = (name: string) => runs.get(name)?.perSecond ?? Number.NaN;
    const rows = contestants.map(({ name, beside }) => ({
      name,
      values: {
        ...runColumns(
          runs.get(name) ?? { perSecond: Number.NaN, cpuMicros: null, p50Ms: Number.NaN, p99Ms: Number.NaN },
        ),
        '× bare': perSecond(name) / perSecond(beside),
        '× SDK': perSecond(name) / perSecond(SDK),
      },
    }));
    return { title: TITLE, note: NOTE, rows };
  } finally {
    await Promise.all(servers.map((server) => server.stop()));
    for (const folder of [...folders, scratch]) removeFolder(folder);
  }
}

const TITLE =
  'Requests: Tenantry with key, organisation, scope and a committed audit row; the others with none of that';
const NOTE =
  '32 connections, one server at a time on a core of its own, medians of interleaved runs. "× bare": of a node:http ' +
  'server that parses the body and answers the same bytes. "× SDK": of the official SDK\'s default handler.';
export const BARE_CALL = 'bare node:http';
const BARE_LIST = 'bare node:http, bytes of tools/list';
export const CALL = 'tools/call';
export const LIST = 'tools/list';
export const REFUSED = 'refused call';
export const SDK = '@modelcontextprotocol/server';

/** The first key that a demo prints: it has the canonical scopes. */
export function demoKey({ said }: BenchServer): string {
  const key = /default key +(\S+)/.exec(said)?.[1];
  if (key === undefined) throw new Error(`no demo key in: ${said}`);
  return key;
}

/** The bytes that Tenantry answers, for the bare server, and the value in them, for the others. */
async function peerEnvironment(
  server: BenchServer,
  calling: Parameters<typeof sendOnce>[1],
  listing: Parameters<typeof sendOnce>[1],
  scratch: string,
) {
  const called = await sendOnce(server.url, calling);
  const listed = await sendOnce(server.url, listing);
  const output = JSON.parse(called.text).result.structuredContent;
  writeFileSync(join(scratch, 'call.json'), called.text);
  writeFileSync(join(scratch, 'list.json'), listed.text);
  writeFileSync(join(scratch, 'output.json'), JSON.stringify(output));
  return {
    BENCH_OUTPUT: join(scratch, 'output.json'),
    BENCH_TOOLS: String(tools.filter(({ onMcp }) => onMcp).length),
  };
}

async function openSession(server: BenchServer): Promise<Record<string, string>> {
  const params = {
    protocolVersion: '2025-11-25',
    capabilities: {},
    clientInfo: { name: 'bench', version: '1' },
  };
  const opened = await sendOnce(server.url, older({}, { method: 'initialize', params }));
  return { 'mcp-session-id': opened.headers.get('mcp-session-id') ?? '' };
}

/** One that was free a moment ago: fastmcp does not say which port it took. */
const freePort = (): Promise<number> =>
  new Promise((settle) => {
    const probe = createServer().listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => settle(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
