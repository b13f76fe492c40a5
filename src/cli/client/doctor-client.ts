import { ATTEMPT_MS, asExpected, type Check, check, type Finding, WhoAmI } from './doctor-checks.ts';
import { failureOf, type ObservedFetch, observeRefusals, toolFailureOf } from './remote-failure.ts';
import { type RemoteTarget, remoteHeaders } from './remote-target.ts';

/** As much of an MCP client as the checks need, connected. */
export type RemoteClient = {
  listTools(): Promise<{ readonly tools: readonly unknown[] }>;
  callWhoAmI(): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
};

export type Connect = (
  url: URL,
  requestInit: RequestInit,
  fetch: ObservedFetch['fetch'],
) => Promise<RemoteClient>;

type NamedClient = { readonly name: string; readonly connect: Connect };

/** Lists the tools and calls one, through a real client. */
export async function* checkClient(
  { name, connect }: NamedClient,
  target: RemoteTarget,
  key: string,
  expected: string | undefined,
): AsyncGenerator<Check> {
  const observed = observeRefusals((url, init) => fetch(url, { ...init, signal: limited(init?.signal) }));
  const attempt = (work: () => Promise<Finding>) =>
    work().catch((thrown): Finding => ({ ok: false, failure: failureOf(thrown, observed.lastRefusal()) }));
  const requestInit = { headers: remoteHeaders(key, target.organizationId) };
  let client: RemoteClient | undefined;
  const { url } = target;
  yield await check({ name, tried: 'tools/list', url }, target, () =>
    attempt(async () => {
      client = await connect(url, requestInit, observed.fetch);
      return { ok: true, found: `${(await client.listTools()).tools.length} tools` };
    }),
  );
  if (client === undefined) return;
  yield await check({ name, tried: 'tools/call whoami', url }, target, () =>
    attempt(async () => {
      const result = await client?.callWhoAmI();
      const failure = toolFailureOf(result);
      if (failure !== undefined) return { ok: false, failure };
      return asExpected(WhoAmI.parse(result?.structuredContent), expected);
    }),
  );
  await client.close();
}

const limited = (signal: AbortSignal | null | undefined): AbortSignal =>
  AbortSignal.any([AbortSignal.timeout(ATTEMPT_MS), ...(signal ? [signal] : [])]);
