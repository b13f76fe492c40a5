import { newGroupId, newUserId } from '../../../src/ids.ts';
import type { Actor } from '../../../src/members/actor.ts';
import type { NewGroup } from '../../../src/members/group-store.ts';
import type { NewMember } from '../../../src/members/member-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { auditRow, provision, START_MS } from './fixtures.ts';

export const operator: Actor = { keyId: null, allow: () => {} };

export const person = (traits: Partial<NewMember> = {}): NewMember => ({
  userId: newUserId(START_MS),
  name: 'Ada',
  email: null,
  role: 'member',
  active: true,
  createdAtMs: START_MS,
  ...traits,
});

export const group = (traits: Partial<NewGroup> = {}): NewGroup => ({
  id: newGroupId(START_MS),
  name: `Group ${Math.random()}`,
  permissions: ['read'],
  createdAtMs: START_MS,
  ...traits,
});

/** An organisation with one member, who is in its one group. */
export async function populate(store: Store, email: string | null = null) {
  const { organization, defaultKey } = await provision(store);
  const id = organization.id;
  const row = () => auditRow(id);
  const member = await store.members.add(id, person({ email }), operator, row);
  const made = await store.members.groups.create(id, group(), operator, row);
  await store.members.groups.addMember(
    { organizationId: id, groupId: made.id },
    member.userId,
    operator,
    row,
  );
  return { id, defaultKey, userId: member.userId, groupId: made.id, newId: newUserId(START_MS), row };
}
