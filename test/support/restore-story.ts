import { join } from 'node:path';
import { expect } from 'vitest';
import { runHere } from '../cli/in-process.ts';
import { temporaryDir } from './fresh-start.ts';
import { requestJson } from './http.ts';
import { startApp, startTwoTenants } from './start-app.ts';

/** A server and, while it is stopped, the operator's commands on the same store. */
export async function startStory() {
  const dataDir = temporaryDir();
  const run = async (...args: string[]) => runTo(args, 0);
  /** A review ends with 1 where something is of severity high. */
  const runTo = async (args: readonly string[], code = 1) => {
    const env = { TENANTRY_CONFIG: join(dataDir, 'mcp.config.json') };
    const ended = await runHere([...args, '--json'], env, dataDir);
    // The store of the story is not the folder's own, which is said.
    const stderr = expect.stringMatching(/^(?:store: .*\n)?$/);
    expect(ended).toMatchObject({ code, stderr });
    return JSON.parse(ended.stdout);
  };
  const app = await startTwoTenants({ dataDir, seed: false });
  return { ...app, run, runTo, restart: () => startApp({ dataDir, seed: false }) };
}

/** What the holder of a key is told at the front door. */
export const askWith = async ({ url }: { readonly url: string }, key: string): Promise<[number, string]> => {
  const { status, body } = await requestJson(`${url}/v1/whoami`, { key });
  return [status, body.error?.code ?? 'welcome'];
};

export const welcome = [200, 'welcome'];
export const refused = [401, 'INVALID_TOKEN'];
