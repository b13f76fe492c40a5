import type { Statement } from 'better-sqlite3';
import type { PlatformDatabase } from '../platform-database.ts';
import type { PageRequest } from '../routes/arguments.ts';
import { malformed } from '../routes/reply.ts';
import { type AgentRow, agentColumns } from './agents.ts';
import { matchTiers } from './match-tiers.ts';
import { createSearchWords, organizationToken } from './search-words.ts';

export type AgentFilters = {
  readonly country: string | undefined;
  readonly gender: string | undefined;
  readonly minAge: number | undefined;
  readonly maxAge: number | undefined;
  readonly occupation: string | undefined;
  readonly tags: readonly string[];
  readonly researchGroupId: string | undefined;
};

type AgentSearch = PageRequest & { readonly query: string; readonly filters: AgentFilters };
type AgentPage = { readonly agents: readonly AgentRow[]; readonly nextCursor: string | null };

type Values = Record<string, string | number>;
type Condition = readonly [sql: string, values: Values];

/** Searches by tiers (see match-tiers.ts), newest first within each; without words, newest first. */
export function prepareAgentSearch({ sqlite }: PlatformDatabase) {
  const searchWords = createSearchWords();
  const statements = new Map<string, Statement<[Values], AgentRow>>();

  function statement(sql: string): Statement<[Values], AgentRow> {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    const made = sqlite.prepare<[Values], AgentRow>(sql);
    // One statement per combination of filters, with and without words: at most 256.
    statements.set(sql, made);
    return made;
  }

  return (organizationId: string, search: AgentSearch): AgentPage => {
    const words = searchWords(search.query);
    const token = organizationToken(organizationId);
    const tiers = words.length === 0 ? [null] : matchTiers(token, words);
    const start = readCursor(search.cursor, words.length === 0 ? 0 : 1, tiers.length);
    const conditions = filterConditions(search.filters);
    const found: { tier: number; row: AgentRow }[] = [];
    let { tier, before } = start;
    for (const match of tiers.slice(start.index)) {
      const limit = search.limit + 1 - found.length;
      if (limit <= 0) break;
      const values: Values = Object.assign(
        { organizationId, before, limit },
        ...conditions.map(([, v]) => v),
      );
      if (match !== null) values.match = match;
      const sql = match === null ? listSql(conditions) : matchSql(conditions);
      for (const row of statement(sql).all(values)) found.push({ tier, row });
      tier += 1;
      before = Number.MAX_SAFE_INTEGER;
    }
    return cutTiers(found, search.limit);
  };
}

function cutTiers(found: readonly { tier: number; row: AgentRow }[], limit: number): AgentPage {
  const page = found.slice(0, limit);
  const last = page.at(-1);
  const more = found.length > limit && last !== undefined;
  return {
    agents: page.map(({ row }) => row),
    nextCursor: more ? `${last.tier}.${last.row.id}` : null,
  };
}

/** A cursor is `tier.id` of the last row shown. Tier 0 is the list without words. */
function readCursor(cursor: string | undefined, firstTier: number, tiers: number) {
  if (cursor === undefined) return { index: 0, tier: firstTier, before: Number.MAX_SAFE_INTEGER };
  const parts = /^([0-3])\.(\d{1,15})$/.exec(cursor);
  const tier = Number(parts?.[1]);
  const index = tier - firstTier;
  if (parts === null || index < 0 || index >= tiers) malformed('cursor');
  return { index, tier, before: Number(parts[2]) };
}

function listSql(conditions: readonly Condition[]): string {
  const where = ['a.organization_id = @organizationId', 'a.id < @before', ...conditions.map(([sql]) => sql)];
  return `SELECT ${agentColumns} FROM agents a WHERE ${where.join(' AND ')} ORDER BY a.id DESC LIMIT @limit`;
}

/**
 * CROSS JOIN puts the index first (https://sqlite.org/optoverview.html#crossjoin): rows arrive in its order, and the
 * limit ends the work.
 */
function matchSql(conditions: readonly Condition[]): string {
  const where = [
    'agent_search MATCH @match',
    'agent_search.rowid < @before',
    'a.organization_id = @organizationId',
    ...conditions.map(([sql]) => sql),
  ];
  return `SELECT ${agentColumns} FROM agent_search CROSS JOIN agents a ON a.id = agent_search.rowid
    WHERE ${where.join(' AND ')} ORDER BY agent_search.rowid DESC LIMIT @limit`;
}

function filterConditions(filters: AgentFilters): readonly Condition[] {
  const conditions: Condition[] = [];
  const add = (value: string | number | undefined, sql: string, name: string): void => {
    if (value !== undefined) conditions.push([sql, { [name]: value }]);
  };
  add(filters.country?.toUpperCase(), 'a.country = @country', 'country');
  add(filters.gender, 'a.gender = @gender', 'gender');
  add(filters.minAge, 'a.age >= @minAge', 'minAge');
  add(filters.maxAge, 'a.age <= @maxAge', 'maxAge');
  add(filters.researchGroupId, `a.agent_id IN (${groupMembers})`, 'researchGroupId');
  if (filters.occupation !== undefined) conditions.push(occupationStarts(filters.occupation.toLowerCase()));
  if (filters.tags.length > 0) conditions.push([hasAllTags, { tags: JSON.stringify(filters.tags) }]);
  return conditions;
}

/** A range instead of LIKE, in which `%` and `_` would be wildcards. */
const occupationStarts = (text: string): Condition => [
  'a.occupation_key >= @occupation AND a.occupation_key < @occupationEnd',
  { occupation: text, occupationEnd: `${text}\u{10ffff}` },
];

const groupMembers = `SELECT m.agent_id FROM research_group_members m
  WHERE m.organization_id = @organizationId AND m.research_group_id = @researchGroupId`;

const hasAllTags = `NOT EXISTS (SELECT 1 FROM json_each(@tags) wanted
  WHERE wanted.value NOT IN (SELECT held.value FROM json_each(a.tags) held))`;
