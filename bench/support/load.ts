import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { cpuMicros, loader, onCores } from './machine.ts';
import type { BenchRequest } from './request.ts';
import type { BenchServer } from './server.ts';

/** One run. Latencies in milliseconds; `cpuMicros` of the server for each request, null where unknown. */
export type Run = {
  readonly perSecond: number;
  readonly cpuMicros: number | null;
  readonly p50Ms: number;
  readonly p99Ms: number;
};

export const CONNECTIONS = 32;
const run = promisify(execFile);

/** Loads the server for some seconds. Throws where an answer had another status than `status`. */
export async function load(
  server: BenchServer,
  request: BenchRequest,
  { seconds, status = 200 }: { readonly seconds: number; readonly status?: number },
): Promise<Run> {
  const before = cpuMicros(server.pids());
  const measured =
    loader === 'wrk'
      ? await wrk(server.url, request, seconds)
      : await autocannon(server.url, request, seconds);
  const after = cpuMicros(server.pids());
  const unexpected = status < 400 ? measured.refused : measured.total - measured.refused;
  if (unexpected > 0)
    throw new Error(`${unexpected} of ${measured.total} answers had not the status ${status}`);
  const { total, perSecond, p50Ms, p99Ms } = measured;
  const micros = before === null || after === null ? null : (after - before) / total;
  return { perSecond, cpuMicros: micros, p50Ms, p99Ms };
}

type Measured = Omit<Run, 'cpuMicros'> & { readonly total: number; readonly refused: number };

async function wrk(url: string, request: BenchRequest, seconds: number): Promise<Measured> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-wrk-'));
  try {
    const script = join(folder, 'request.lua');
    writeFileSync(script, luaOf(request));
    const args = ['-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, '-s', script, url + request.path];
    const { stdout } = await run(...commandOf(['wrk', ...args]));
    const found = /^BENCH (.*)$/m.exec(stdout)?.[1];
    if (found === undefined) throw new Error(`wrk said: ${stdout}`);
    const [total = 0, micros = 1, p50 = 0, p99 = 0, refused = 0, broken = 0] = found.split(' ').map(Number);
    if (broken > 0) throw new Error(`${broken} connections failed`);
    return { total, refused, perSecond: (total * 1e6) / micros, p50Ms: p50 / 1000, p99Ms: p99 / 1000 };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const commandOf = (command: readonly string[]): [string, string[]] => {
  const [program, args] = onCores('1', command);
  return [program, [...args]];
};

/** ASCII alone: then JSON's quotes are Lua's. */
const quoted = (text: string): string => JSON.stringify(text);

/** The request for wrk, in its own language; it tells of the whole at the end, in one line. */
function luaOf({ headers, body, keysFile }: BenchRequest): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `wrk.headers[${quoted(name)}]=${quoted(value)}`,
  );
  const turns =
    keysFile === undefined
      ? ''
      : `local keys = {}
for line in io.lines(${quoted(keysFile)}) do keys[#keys + 1] = 'Bearer ' .. line end
local place = 0
function request()
  place = (place + 7919) % #keys
  wrk.headers['authorization'] = keys[place + 1]
  return wrk.format()
end`;
  return `wrk.method = 'POST'
wrk.body = ${quoted(body)}
${lines.join('\n')}
${turns}
function done(summary, latency)
  local errors = summary.errors
  io.write(string.format('BENCH %d %d %d %d %d %d\\n', summary.requests, summary.duration, latency:percentile(50),
    latency:percentile(99), errors.status, errors.connect + errors.read + errors.write + errors.timeout))
end
`;
}

const MOST_TURNS = 10_000;

async function autocannon(url: string, request: BenchRequest, seconds: number): Promise<Measured> {
  const { path, headers, body, keysFile } = request;
  const keys =
    keysFile === undefined ? [] : readFileSync(keysFile, 'utf8').trim().split('\n').slice(0, MOST_TURNS);
  const requests = keys.map((key) => ({ headers: { ...headers, authorization: `Bearer ${key}` } }));
  const options = {
    url: url + path,
    method: 'POST',
    headers,
    body,
    connections: CONNECTIONS,
    duration: seconds,
  };
  const program = join(import.meta.dirname, 'autocannon.mjs');
  const settings = JSON.stringify(requests.length > 0 ? { ...options, requests } : options);
  const folder = mkdtempSync(join(tmpdir(), 'bench-autocannon-'));
  try {
    const file = join(folder, 'options.json');
    writeFileSync(file, settings);
    const { stdout } = await run(...commandOf([process.execPath, program, file]));
    const { requests: sent, latency, non2xx, errors, duration } = JSON.parse(stdout);
    if (errors > 0) throw new Error(`${errors} connections failed`);
    return {
      total: sent.total,
      refused: non2xx,
      perSecond: sent.total / duration,
      p50Ms: latency.p50,
      p99Ms: latency.p99,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
