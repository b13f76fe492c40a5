import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { openPlatformDatabase } from '../../db/platform/platform-database.ts';
import { readDemo, writeConfig } from '../support/fresh-start.ts';
import { callTool } from '../support/http.ts';
import { startScript, startServer } from '../support/program.ts';

const holdLock = join(import.meta.dirname, '../proof/locks/hold-lock.ts');

/** Another process that has the write lock of `file`, until it is killed. */
async function holdLockOf(file: string) {
  const { sqlite } = openPlatformDatabase(file);
  onTestFinished(() => void sqlite.close());
  const holder = startScript(holdLock, [file, 'IMMEDIATE', '600000', '0'], {});
  await expect.poll(() => isLocked(sqlite), { timeout: 30_000 }).toBe(true);
  return holder;
}

function isLocked(sqlite: ReturnType<typeof openPlatformDatabase>['sqlite']): boolean {
  try {
    sqlite.exec('BEGIN IMMEDIATE; ROLLBACK');
    return false;
  } catch {
    return true;
  }
}

test('a lock of another process is waited for as long as store.busyTimeoutMs says', async () => {
  const { dir, file } = writeConfig({ demo: true, store: { busyTimeoutMs: 60_000 } });
  const server = await startServer({ TENANTRY_CONFIG: file }, dir);
  const { managerKeys } = readDemo(server.seen.stderr);
  const platformFile = join(dir, 'data', 'platform.db');
  const impatient = openPlatform(platformFile, { now: Date.now, busyTimeoutMs: 3000 });
  onTestFinished(() => impatient.close());
  const [key] = managerKeys;
  const found = await callTool(server.url, key, 'search_agents', { limit: 1 });
  const group = { name: 'Pilot', agent_ids: [found.body.result.structuredContent.agents[0].agent_id] };
  const holder = await holdLockOf(platformFile);

  const waiting = callTool(server.url, key, 'create_research_group', group);
  const url = new URL('http://platform.invalid/v1/research-groups?organization_id=demo-acme');
  const { signal } = new AbortController();
  const refused = impatient.send({ method: 'POST', url, body: group, signal });
  await expect(refused).rejects.toMatchObject({ code: 'DOWNSTREAM_FAILED' });
  holder.kill('SIGKILL');
  const { result } = (await waiting).body;
  expect(result.structuredContent).toMatchObject({ research_group: { name: 'Pilot' } });
});
