import { randomUUID } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Commands, createCommands } from '../../cli/commands.ts';
import { readDemo } from '../../support/fresh-start.ts';
import { requestJson } from '../../support/http.ts';
import { mainFile } from '../../support/program.ts';
import type { Wire } from '../../support/real-clients.ts';

type Tenant = {
  readonly id: string;
  readonly name: string;
  readonly defaultKey: string;
  readonly managerKey: string;
};
export type AgentKey = { readonly id: string; readonly prefix: string; readonly plaintext: string };
type Env = Readonly<Record<string, string>>;

/** What an agent needs beyond the canonical set to run studies. */
const studyScopes = 'research_group:write,study:write';

/** `tenantry serve` in a process of its own with the demo organisations, and the operator's commands beside it. */
export async function startRealServer() {
  const commands = createCommands({ demo: true });
  const server = await commands.startServerApart();
  const { ids, defaultKeys, managerKeys } = readDemo(server.seen.stderr);
  const tenant = (at: number, name: string): Tenant => ({
    id: ids[at] ?? '',
    name,
    defaultKey: defaultKeys[at] ?? '',
    managerKey: managerKeys[at] ?? '',
  });
  const [acme, bolt] = [tenant(0, 'Acme Research'), tenant(1, 'Bolt Labs')];
  return {
    url: server.url,
    acme,
    bolt,
    env: { TENANTRY_CONFIG: join(commands.dir, 'mcp.config.json') },
    mintFor: ({ id }: Tenant) => mint(commands, ['--org', id]),
    mintHostFor: ({ id }: Tenant) => mint(commands, ['--host', '--for', id]),
    async revoke({ managerKey }: Tenant, { id }: AgentKey): Promise<void> {
      const { status } = await requestJson(`${server.url}/v1/keys/${id}`, {
        method: 'DELETE',
        key: managerKey,
      });
      if (status !== 200) throw new Error(`revoking answered ${status}`);
    },
    /** Newest first. */
    async audit({ prefix }: AgentKey): Promise<readonly AuditLine[]> {
      const { events } = await commands.json(['audit', 'list', '--key-prefix', prefix, '--limit', '100']);
      return events;
    },
    ...createSurroundings(commands.dir),
  };
}

export type RealServer = Awaited<ReturnType<typeof startRealServer>>;
type AuditLine = {
  readonly kind: string;
  readonly organization_id: string;
  readonly era: string | null;
  readonly tool: string | null;
  readonly error_code: string | null;
};

async function mint(commands: Commands, place: readonly string[]): Promise<AgentKey> {
  const args = ['keys', 'mint', ...place, '--name', 'agent', '--add', studyScopes];
  const { key, auth_token } = await commands.json(args);
  return { id: key.id, prefix: key.prefix, plaintext: auth_token };
}

const openers = ['browser', 'xdg-open', 'gio', 'x-www-browser', 'sensible-browser', 'www-browser'];

/** A home for programs, in which a browser is only a note that one was asked for. */
function createSurroundings(dir: string) {
  const [home, bin, asked] = [join(dir, 'home'), join(dir, 'bin'), join(dir, 'browser-asked')];
  for (const folder of [home, bin]) mkdirSync(folder);
  for (const name of openers) {
    const file = join(bin, name);
    writeFileSync(file, `#!/bin/sh\necho "$0 $@" >> '${asked}'\n`);
    chmodSync(file, 0o755);
  }
  const surroundings = {
    HOME: home,
    MCP_REMOTE_CONFIG_DIR: join(home, '.mcp-auth'),
    PATH: `${bin}:${process.env.PATH ?? ''}`,
    BROWSER: join(bin, 'browser'),
    DISPLAY: ':0',
  };
  return {
    surroundings,
    /** What a client wanted a browser to show. */
    browserAsked: (): string => (existsSync(asked) ? readFileSync(asked, 'utf8') : ''),
  };
}

export type Credential = { readonly key: string; readonly organizationId?: string };

/** How sessions reach the server: what a person would write into a client's settings. */
export type Wiring = {
  readonly kind: 'HTTP' | 'stdio';
  /** Is in the environment of every process that these wires start. */
  readonly marker: string;
  /** The key as `Authorization: Bearer`, or in the environment. */
  plain(credential: Credential): Wire;
  /** The key as `X-API-Key`. */
  apiKey(credential: Credential): Wire;
  /** The organisation in the URL. */
  inUrl(credential: Credential & { readonly organizationId: string }): Wire;
};

export type Through = (wire: HttpWire, env: Env) => Wire;

/** `through` makes of a URL with its headers the program in between. */
export function wireHttp(server: RealServer, through?: Through): Wiring {
  const marker = randomUUID();
  const env = { ...server.surroundings, ...markerIn(marker) };
  const wire = (path: string, headers: Record<string, string>, organizationId?: string): Wire => {
    const http = {
      url: server.url + path,
      env,
      headers: organizationId === undefined ? headers : { ...headers, 'X-Organization-Id': organizationId },
    };
    return through === undefined ? http : through(http, env);
  };
  return {
    kind: 'HTTP',
    marker,
    plain: ({ key, organizationId }) => wire('/mcp', bearer(key), organizationId),
    apiKey: ({ key, organizationId }) => wire('/mcp', { 'X-API-Key': key }, organizationId),
    inUrl: ({ key, organizationId }) => wire(`/o/${organizationId}/mcp`, bearer(key)),
  };
}

export type HttpWire = Extract<Wire, { url: string }>;

const bearer = (key: string) => ({ Authorization: `Bearer ${key}` });
const markerIn = (marker: string) => ({ PROOF_SESSION: marker });

/** `tenantry stdio` on the store of the running server. */
export function wireStdio(server: RealServer): Wiring {
  const marker = randomUUID();
  const wire = ({ key, organizationId }: Credential): Wire => ({
    args: [mainFile, 'stdio'],
    env: {
      ...server.surroundings,
      ...server.env,
      ...markerIn(marker),
      TENANTRY_API_KEY: key,
      ...(organizationId !== undefined && { TENANTRY_ORGANIZATION_ID: organizationId }),
    },
  });
  return { kind: 'stdio', marker, plain: wire, apiKey: wire, inUrl: wire };
}
