import { type Fleet, provideOrganization } from '../support/fleet.ts';
import { type ConnectionPool, openPool, type Question } from './connection-pool.ts';

/** What a permission of a group allows, and what asks for it. */
export const permissions = { 'desk:use': ['research_group:read'] };
export const scopedQuestion: Question = { tool: 'list_research_groups', route: '/v1/research-groups' };

/** An organisation with one member, whose own key may do what the member's one group allows. */
export async function openMemberTenant(fleet: Fleet): Promise<MemberTenant> {
  const [{ id, manager }, pool] = await Promise.all([
    provideOrganization(fleet, 'Acme Research'),
    openPool(fleet),
  ]);
  const send = async (method: string, path: string, body?: object) => {
    const answer = await fleet.operator(pool.choices.below(4), method, path, body, id);
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.text}`);
    return answer.body;
  };
  const { member } = await send('POST', '/v1/members', { name: 'Ada' });
  const group = await send('POST', '/v1/groups', { name: 'Desk', permissions: ['desk:use'] });
  const userId = member.user_id;
  const inGroup = `/v1/groups/${group.group.group_id}/members`;
  const join = () => send('POST', inGroup, { user_id: userId });
  await join();
  const ofUser = { scope_type: 'user', user_id: userId, name: 'own', scopes: ['research_group:read'] };
  const minted = await send('POST', '/v1/keys', ofUser);
  return {
    pool,
    manager,
    key: minted.auth_token,
    keyId: minted.key.id,
    setActive: (active) => send('PATCH', `/v1/members/${userId}`, { active }),
    join,
    leave: () => send('DELETE', `${inGroup}/${userId}`),
    suspend: () => send('POST', `/admin/organizations/${id}/suspend`),
    resume: () => send('POST', `/admin/organizations/${id}/resume`),
  };
}

export type MemberTenant = {
  readonly pool: ConnectionPool;
  readonly manager: string;
  readonly key: string;
  readonly keyId: string;
  readonly setActive: (active: boolean) => Promise<unknown>;
  readonly join: () => Promise<unknown>;
  readonly leave: () => Promise<unknown>;
  readonly suspend: () => Promise<unknown>;
  readonly resume: () => Promise<unknown>;
};
