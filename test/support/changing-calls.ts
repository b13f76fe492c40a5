import { changingTools } from './changing-tools.ts';
import { callTool, requestJson } from './http.ts';
import { serveLines } from './line-peer.ts';
import { refusalIn } from './refusal.ts';
import { startTwoTenants } from './start-app.ts';

export type App = Awaited<ReturnType<typeof startTwoTenants>>;
type Answered = { readonly code: string | undefined; readonly done: boolean | undefined };
/** Calls a tool of one's own; answers what the caller is told. */
export type Door = (app: App, key: string, tool: string, name: string) => Promise<Answered>;

export const mcp: Door = async ({ url }, key, tool, name) => {
  const answer = await callTool(url, key, tool, { name });
  return { code: refusalIn(answer)?.code, done: answer.body.result?.structuredContent?.done };
};
export const doors: Readonly<Record<string, { readonly fastLane: boolean; readonly call: Door }>> = {
  MCP: { fastLane: true, call: mcp },
  'MCP without the fast lane': { fastLane: false, call: mcp },
  REST: {
    fastLane: true,
    async call({ url }, key, tool, name) {
      const answer = await requestJson(`${url}/v1/${tool}`, { key, body: { name } });
      return { code: refusalIn(answer)?.code, done: answer.body.done };
    },
  },
  stdio: {
    fastLane: true,
    async call(app, key, tool, name) {
      const client = serveLines(app, { apiKey: key });
      await client.handshake();
      const { error, result } = await client.callTool(1, tool, { name });
      const shown = error?.data ?? result?._meta?.['tenantry/error'];
      return { code: shown?.code, done: result?.structuredContent?.done };
    },
  },
};

export const start = (options: object = {}) =>
  startTwoTenants({ seed: false, tools: changingTools, ...options });

export async function askAs(app: App, call: Door, tool: string, name: string) {
  const { plaintext } = await app.mint(app.acme, { scopes: ['key:write'] });
  const answered = await call(app, plaintext, tool, name);
  const rows = (await app.audit()).filter((row) => row.tool === tool).reverse();
  const keys = await app.services.store.keys.list(
    app.acme.id,
    { nowMs: app.now(), staleAfterMs: 1 },
    { limit: 100 },
  );
  return {
    ...answered,
    log: app.log.join(''),
    keys: keys.filter((each) => each.name === name).map(({ id }) => id),
    rows,
    told: rows.map(({ kind, errorCode, change }) => [kind, errorCode, JSON.parse(change ?? 'null')?.minted]),
  };
}
