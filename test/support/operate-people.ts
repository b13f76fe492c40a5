import { mutateAsOperator } from '../../src/audit/operator-row.ts';
import { type Groups, manageGroups } from '../../src/members/manage-groups.ts';
import { type MemberAccess, type Members, manageMembers } from '../../src/members/manage-members.ts';
import type { Tenant, TestApp } from './start-app.ts';

type Operated = Pick<TestApp, 'services'>;

/** The tenant's people in the hands of the operator, who may give every role. */
export const operatePeople = ({ services }: Operated, tenant: Tenant): Members =>
  manageMembers(tenant.id, operator(services, tenant), depsOf(services));

export const operateGroups = ({ services }: Operated, tenant: Tenant): Groups =>
  manageGroups(tenant.id, operator(services, tenant), depsOf(services));

const depsOf = ({ store, now }: Operated['services']) => ({ members: store.members, now });

const operator = ({ now }: Operated['services'], { id }: Tenant): MemberAccess => ({
  keyId: null,
  allow: () => {},
  mutate: mutateAsOperator({ tier: 'cli', target: 'users', organizationId: id }, now),
});
