import type { Environment } from '../../config/load-config.ts';
import { printable } from '../../secrets/printable.ts';
import { type JsonOption, jsonOption, printJson } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import {
  asExpected,
  type Check,
  check,
  type Finding,
  failed,
  fetchWhoAmI,
  probe,
  probeUnknownOrganization,
  siblingUrl,
  whoAmIUrl,
} from './doctor-checks.ts';
import { type Connect, checkClient } from './doctor-client.ts';
import {
  guardKey,
  orgOption,
  type RemoteOptions,
  type RemoteTarget,
  readApiKey,
  readTarget,
  remoteHeaders,
  unsetUrl,
  urlOption,
} from './remote-target.ts';

export const registerDoctor: Register = (program, runtime, done) => {
  program
    .command('doctor')
    .description(
      'Proves a server, a key and an organisation against an MCP 2025-11-25 and an MCP 2026-07-28 client.',
    )
    .option(...urlOption)
    .option(...orgOption)
    .option(...jsonOption)
    .action(async (options: RemoteOptions & JsonOption) => done(await doctor(options, runtime)));
};

async function doctor(options: RemoteOptions & JsonOption, runtime: Runtime): Promise<ExitCode> {
  const read = readTarget(options, runtime.env);
  if (!read.ok) {
    runtime.err(read.mistake);
    return 2;
  }
  const unset = unsetUrl(options, runtime.env);
  if (unset !== undefined) runtime.err(unset);
  if (!guardKey(read.target.url, runtime)) return 78;
  const checks: Check[] = [];
  for await (const made of runChecks(read.target, runtime)) {
    checks.push(made);
    const isAdvised = checks.slice(0, -1).some(({ advice }) => advice === made.advice);
    if (!options.json) runtime.out(lineOf(made, isAdvised));
  }
  if (options.json) printJson(runtime, checks);
  return checks.every(({ ok }) => ok) ? 0 : 1;
}

/** Gives each advice once, at the first line that needs it. */
function lineOf({ ok, name, tried, found, advice }: Check, isAdvised: boolean): string {
  const probably = advice === null ? '' : `. Probably: ${isAdvised ? 'as above' : advice}.`;
  return `${ok ? 'ok  ' : 'FAIL'} ${name}: ${tried}: ${found.replace(/\.$/, '')}${probably}`;
}

/** In an order in which the first failure says most; what cannot succeed after it is not tried. */
async function* runChecks(target: RemoteTarget, { env, now }: Runtime): AsyncGenerator<Check> {
  const healthz = siblingUrl(target, '/healthz');
  const asked = { name: 'reachable', tried: `GET ${healthz}`, url: healthz };
  const reachable = await check(asked, target, () => probe(healthz));
  yield reachable;
  if (!reachable.ok) {
    // Reports the checks that need no server all the same.
    yield await check({ name: 'key', tried: 'the environment', url: null }, target, async () =>
      formOfKey(env),
    );
    return;
  }
  const readyz = siblingUrl(target, '/readyz');
  yield await check({ name: 'ready', tried: `GET ${readyz}`, url: readyz }, target, () => probe(readyz));

  const credential = readApiKey(env);
  if (!credential.ok) {
    yield await check({ name: 'key', tried: 'the environment', url: null }, target, async () =>
      formOfKey(env),
    );
    return;
  }
  yield* checkKey(target, credential.key, now());
}

function formOfKey(env: Environment): Finding {
  const credential = readApiKey(env);
  if (credential.ok) return { ok: true, found: 'TENANTRY_API_KEY is set, to one key' };
  return failed(credential.mistake, 'set it to a key of the organisation, which "tenantry keys mint" makes');
}

async function* checkKey(target: RemoteTarget, key: string, nowMs: number): AsyncGenerator<Check> {
  const url = whoAmIUrl(target);
  const accepted = await check({ name: 'key', tried: 'GET /v1/whoami', url }, target, () =>
    acceptKey(target, key),
  );
  yield accepted;
  if (!accepted.ok) return;
  const expected = target.organizationId ?? /\/o\/([^/]+)\/mcp$/.exec(target.url.pathname)?.[1];
  const whoami = expected === undefined ? 'whoami, none expected' : `whoami as ${expected}`;
  yield await check({ name: 'organisation', tried: whoami, url }, target, () =>
    proveOrganization(target, key, expected),
  );
  const stranger = 'POST as an organisation that does not exist';
  yield await check({ name: 'isolation', tried: stranger, url: target.url }, target, () =>
    probeUnknownOrganization(target, key, nowMs),
  );
  yield* checkClient({ name: 'MCP 2025-11-25 client', connect: connect2025 }, target, key, expected);
  yield* checkClient({ name: 'MCP 2026-07-28 client', connect: connect2026 }, target, key, expected);
}

/** Without the organisation header, so that a wrong organisation is not taken for a wrong key. */
async function acceptKey(target: RemoteTarget, key: string): Promise<Finding> {
  const answer = await fetchWhoAmI(target, remoteHeaders(key, undefined));
  if ('key' in answer) return { ok: true, found: `${printable(answer.key.prefix)} is accepted` };
  const isHostKey = answer.code === 'ORGANIZATION_REQUIRED';
  return isHostKey
    ? { ok: true, found: 'a host key, which serves several organisations, is accepted' }
    : { ok: false, failure: answer };
}

async function proveOrganization(
  target: RemoteTarget,
  key: string,
  expected: string | undefined,
): Promise<Finding> {
  const answer = await fetchWhoAmI(target, remoteHeaders(key, expected));
  if (!('key' in answer)) return { ok: false, failure: answer };
  return asExpected(answer, expected);
}

/** The client that most hosts still embed. Both are loaded here, so that serving does not pay for them. */
const connect2025: Connect = async (url, requestInit, observedFetch) => {
  const { Client } = await import('@modelcontextprotocol/sdk/client/index.js');
  const { StreamableHTTPClientTransport } = await import(
    '@modelcontextprotocol/sdk/client/streamableHttp.js'
  );
  const client = new Client({ name: 'tenantry-doctor', version: '1' });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: observedFetch, requestInit }));
  return {
    listTools: () => client.listTools(),
    callWhoAmI: () => client.callTool({ name: 'whoami' }),
    close: () => client.close(),
  };
};

const connect2026: Connect = async (url, requestInit, observedFetch) => {
  const { Client, StreamableHTTPClientTransport } = await import('@modelcontextprotocol/client');
  const versionNegotiation = { mode: { pin: '2026-07-28' } };
  const client = new Client({ name: 'tenantry-doctor', version: '1' }, { versionNegotiation });
  await client.connect(new StreamableHTTPClientTransport(url, { fetch: observedFetch, requestInit }));
  return {
    listTools: () => client.listTools(),
    callWhoAmI: () => client.callTool({ name: 'whoami' }),
    close: () => client.close(),
  };
};
