import { type JsonAnswer, requestJson } from './http.ts';
import { startTwoTenants } from './start-app.ts';

type Send = (method: string, path: string, body?: object) => Promise<JsonAnswer>;

/** Two tenants, and for each a key that may manage people and do nothing else. */
export async function startWithManagers() {
  const app = await startTwoTenants({ seed: false });
  const scopes = ['member:read', 'member:write'];
  const ofAcme = await app.mint(app.acme, { scopes });
  const ofBolt = await app.mint(app.bolt, { scopes });
  const by =
    (key: string): Send =>
    (method, path, body) =>
      requestJson(`${app.url}/v1/${path}`, { method, key, body });
  return { ...app, ofAcme, ofBolt, acmeSends: by(ofAcme.plaintext), boltSends: by(ofBolt.plaintext), by };
}

export const addMember = async (send: Send, body: object = {}) =>
  (await send('POST', 'members', { name: 'Ada', ...body })).body.member;

export const createGroup = async (send: Send, body: object = {}) =>
  (await send('POST', 'groups', { name: 'Desk', ...body })).body.group;
