import { mutateAsOperator } from '../../audit/operator-row.ts';
import type { OrganizationId } from '../../ids.ts';
import { type Groups, manageGroups } from '../../members/manage-groups.ts';
import { type MemberAccess, type Members, manageMembers } from '../../members/manage-members.ts';
import type { MemberPage } from '../../members/member.ts';
import type { Services } from '../../server/services.ts';
import { findOrganization } from './find-organization.ts';

const PAGE = 500;

/** An organisation's people and groups, as the operator changes them. */
export type Operated = {
  readonly organizationId: OrganizationId;
  readonly members: Members;
  readonly groups: Groups;
};

/**
 * `command` is the name of the change in the audit.
 *
 * @throws NOT_FOUND for an organisation that is unknown
 */
export async function operateMembers(org: string, command: string, services: Services): Promise<Operated> {
  const { store, now } = services;
  const { id: organizationId } = await findOrganization(org, services);
  const access: MemberAccess = {
    keyId: null,
    allow: () => {},
    mutate: mutateAsOperator({ tier: 'cli', target: command, organizationId }, now),
  };
  const deps = { members: store.members, now };
  return {
    organizationId,
    members: manageMembers(organizationId, access, deps),
    groups: manageGroups(organizationId, access, deps),
  };
}

/** The listing that `withServices` names if a person is not found. */
export const userListing = (org: string): { readonly listing: string } => ({
  listing: `users list --org ${org}`,
});

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
