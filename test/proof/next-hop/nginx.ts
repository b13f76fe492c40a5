import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { onTestFinished } from 'vitest';

/** Why there is no proxy to ask; undefined where there is. CI says with `PROOF_NEEDS_NGINX` that there must be. */
export function whyNoNginx(): string | undefined {
  const { error } = spawnSync('nginx', ['-v']);
  if (error === undefined) return undefined;
  if (process.env.PROOF_NEEDS_NGINX === '1') throw new Error('there must be an nginx here: nginx-light');
  return 'there is no nginx here (Debian: nginx-light)';
}

const READY = 'this is the proxy of the test';
const MOST_STARTS = 5;
const hops = ['decodes', 'plain', 'careless', 'careless again'] as const;
type Hop = (typeof hops)[number];

/**
 * A real nginx of the test's own in front of `platformPort`, ended with the test: `decodes` as `proxy_pass http://app/;`
 * does, then encodes; `plain` sends on what came; `careless` decodes and sends that on, twice, before it `decodes`.
 */
export async function startNginx(platformPort: number): Promise<Readonly<Record<Hop, string>>> {
  const dir = mkdtempSync(join(tmpdir(), 'tenantry-nginx-'));
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }));
  for (let starts = 1; ; starts += 1) {
    const ports = await Promise.all(hops.map(freePort));
    const [decodes = 0, plain = 0, careless = 0, again = 0] = ports;
    const file = join(dir, 'nginx.conf');
    writeFileSync(file, configOf(dir, platformPort, { decodes, plain, careless, again }));
    const said = await launch(file, ports);
    const url = (port: number) => `http://127.0.0.1:${port}`;
    if (said === undefined)
      return {
        decodes: url(decodes),
        plain: url(plain),
        careless: url(careless),
        'careless again': url(again),
      };
    // Somebody else took a port meanwhile.
    if (starts === MOST_STARTS || !said.includes('Address already in use')) throw new Error(said);
  }
}

type Ports = {
  readonly decodes: number;
  readonly plain: number;
  readonly careless: number;
  readonly again: number;
};

const configOf = (dir: string, platformPort: number, { decodes, plain, careless, again }: Ports): string => `
daemon off; master_process off; pid ${dir}/pid; error_log stderr error;
events { worker_connections 4096; }
http {
  access_log off; keepalive_timeout 1h; keepalive_requests 10000000;
  ${['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${dir}/${name};`).join(' ')}
  proxy_http_version 1.1; proxy_set_header Connection ""; proxy_set_header Host $http_host;
  upstream app { server 127.0.0.1:${platformPort}; keepalive 64; keepalive_requests 10000000; }
  upstream decoding { server 127.0.0.1:${decodes}; keepalive 64; keepalive_requests 10000000; }
  upstream more { server 127.0.0.1:${again}; keepalive 64; keepalive_requests 10000000; }
  server { listen 127.0.0.1:${decodes}; ${ready} location / { proxy_pass http://app/; } }
  server { listen 127.0.0.1:${plain}; ${ready} location / { proxy_pass http://app; } }
  server { listen 127.0.0.1:${careless}; ${ready} location / { proxy_pass http://more$uri$is_args$args; } }
  server { listen 127.0.0.1:${again}; ${ready} location / { proxy_pass http://decoding$uri$is_args$args; } }
}`;

const ready = `location = /-/ready { return 200 "${READY}"; }`;

/** Resolves once each port answers; what nginx said where it ended instead. */
async function launch(file: string, ports: readonly number[]): Promise<string | undefined> {
  const child = spawn('nginx', ['-c', file, '-e', 'stderr'], { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  const closed = once(child, 'close');
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  for (const port of ports) {
    while (!(await answers(port))) {
      if (child.exitCode !== null) return said;
      await pause(10);
    }
  }
  return undefined;
}

async function answers(port: number): Promise<boolean> {
  try {
    return (await (await fetch(`http://127.0.0.1:${port}/-/ready`)).text()) === READY;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
