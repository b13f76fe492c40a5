import { operatorRow } from '../audit/operator-row.ts';
import type { OrganizationId } from '../ids.ts';
import { type Groups, manageGroups } from '../members/manage-groups.ts';
import { type Author, type Members, manageMembers } from '../members/manage-members.ts';
import type { MemberPage } from '../members/member-store.ts';
import type { Services } from '../services.ts';
import { findOrganization } from './find-organization.ts';

const PAGE = 500;

/** An organisation's people and groups, in the hands of the operator. */
export type Operated = {
  readonly organizationId: OrganizationId;
  readonly members: Members;
  readonly groups: Groups;
};

/**
 * `command` is what the audit says was done.
 *
 * @throws NOT_FOUND for an organisation that is unknown
 */
export async function operateMembers(org: string, command: string, services: Services): Promise<Operated> {
  const { store, now } = services;
  const { id: organizationId } = await findOrganization(org, services);
  const author: Author = {
    keyId: null,
    allow: () => {},
    row: (change) => operatorRow({ tier: 'cli', target: command, organizationId, nowMs: now(), change }),
    committed: () => {},
  };
  const deps = { members: store.members, now };
  return {
    organizationId,
    members: manageMembers(organizationId, author, deps),
    groups: manageGroups(organizationId, author, deps),
  };
}

/** Every page, newest first. */
export async function listAll<Row>(
  list: (page: MemberPage) => Promise<readonly Row[]>,
  idOf: (row: Row) => string,
): Promise<readonly Row[]> {
  const rows: Row[] = [];
  for (;;) {
    const last = rows.at(-1);
    const page = await list({ limit: PAGE, beforeId: last === undefined ? undefined : idOf(last) });
    rows.push(...page);
    if (page.length < PAGE) return rows;
  }
}
