import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { insertAgents, type NewAgent } from '../../db/platform/data/agents.ts';
import { openPlatform } from '../../db/platform/open-platform.ts';
import { openPlatformDatabase } from '../../db/platform/platform-database.ts';
import type { DownstreamReply } from '../../src/downstream/downstream.ts';
import { newOrganizationId } from '../../src/ids.ts';

export const alpha = newOrganizationId(1);
export const beta = newOrganizationId(2);

/** A platform on a file of its own, gone after the test. */
export function temporaryPlatform(now: () => number = Date.now) {
  const directory = mkdtempSync(join(tmpdir(), 'platform-'));
  const file = join(directory, 'platform.sqlite');
  const options = { now, busyTimeoutMs: 2000 };
  let platform = openPlatform(file, options);
  onTestFinished(async () => {
    await platform.close();
    rmSync(directory, { recursive: true });
  });

  async function send(
    method: 'GET' | 'POST',
    pathAndQuery: string,
    organizationId: string,
    body?: object,
  ): Promise<DownstreamReply> {
    const url = new URL(pathAndQuery, 'http://platform.invalid');
    url.searchParams.append('organization_id', organizationId);
    return platform.send({ method, url, body, signal: new AbortController().signal });
  }

  return {
    file,
    get downstream() {
      return platform;
    },
    send,
    get: (pathAndQuery: string, organizationId: string) => send('GET', pathAndQuery, organizationId),
    post: (path: string, organizationId: string, body: object) => send('POST', path, organizationId, body),
    async search(organizationId: string, query: Record<string, string | readonly string[]>): Promise<Page> {
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(query)) {
        for (const item of [value].flat()) parameters.append(name, item);
      }
      const reply = await send('GET', `/v1/agents/search?${parameters}`, organizationId);
      if (reply.status !== 200) throw new Error(`search answered ${reply.status}`);
      // The platform's own answer to a search.
      return reply.body as Page;
    },
    /** Adds agents behind the API, in their order, the last one being the newest. */
    add(organizationId: string, agents: readonly Partial<NewAgent>[]): readonly NewAgent[] {
      const database = openPlatformDatabase(file);
      const rows = agents.map((agent) => ({ ...someone, agentId: nextAgentId(), ...agent }));
      database.sqlite.transaction(() => insertAgents(database, organizationId, rows))();
      database.sqlite.close();
      return rows;
    },
    async reopen(): Promise<void> {
      await platform.close();
      platform = openPlatform(file, options);
    },
  };
}

export type TemporaryPlatform = ReturnType<typeof temporaryPlatform>;

type Page = {
  readonly agents: readonly (Record<string, unknown> & {
    readonly agent_id: string;
    readonly organization_id: string;
  })[];
  readonly next_cursor: string | null;
};

const someone: Omit<NewAgent, 'agentId'> = {
  name: 'Ada Okafor',
  age: 40,
  gender: 'female',
  country: 'DE',
  city: 'Hamburg',
  occupation: 'Baker',
  biography: 'Ada bakes.',
  tags: [],
};

let agentIds = 0;
const nextAgentId = (): string => `agt_${String(++agentIds).padStart(26, '0')}`;
