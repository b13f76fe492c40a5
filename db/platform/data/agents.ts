import type { PlatformDatabase } from '../platform-database.ts';
import { agents } from '../schema.ts';
import { regionName } from './region-name.ts';
import { organizationToken } from './search-words.ts';

/** A row as raw SQL returns it. */
export type AgentRow = {
  readonly id: number;
  readonly organization_id: string;
  readonly agent_id: string;
  readonly name: string;
  readonly age: number;
  readonly gender: string;
  readonly country: string;
  readonly city: string;
  readonly occupation: string;
  readonly biography: string;
  readonly tags: string;
};

export const agentColumns =
  'a.id, a.organization_id, a.agent_id, a.name, a.age, a.gender, a.country, a.city, a.occupation, a.biography, a.tags';

export function agentToWire({ id: _, tags, ...row }: AgentRow) {
  return { ...row, tags: JSON.parse(tags) };
}

export type NewAgent = {
  readonly agentId: string;
  readonly name: string;
  readonly age: number;
  readonly gender: string;
  readonly country: string;
  readonly city: string;
  readonly occupation: string;
  readonly biography: string;
  readonly tags: readonly string[];
};

/** Inserts agents in order; the last one is the newest. Triggers update the search index. */
export function insertAgents({ orm }: PlatformDatabase, organizationId: string, rows: readonly NewAgent[]) {
  const token = organizationToken(organizationId);
  // SQLite allows 32,766 parameters per statement (https://sqlite.org/limits.html).
  for (let start = 0; start < rows.length; start += 1000) {
    const batch = rows.slice(start, start + 1000).map((agent) => ({
      ...agent,
      organizationId,
      organizationToken: token,
      country: agent.country.toUpperCase(),
      countryName: regionName(agent.country),
      occupationKey: agent.occupation.toLowerCase(),
      tags: agent.tags.map((tag) => tag.toLowerCase()),
    }));
    orm.insert(agents).values(batch).run();
  }
}
