import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { AuditEvent, AuditRow } from '../../../src/audit/audit-event.ts';
import { newKeyId, newOrganizationId, newRequestId, type OrganizationId } from '../../../src/ids.ts';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import type { KeyRecord, Keyspace } from '../../../src/keys/key-record.ts';
import type { MintQuery, NewKey } from '../../../src/keys/key-store.ts';
import { makeKey } from '../../../src/keys/policy/new-key.ts';
import type { Store } from '../../../src/store/store.ts';

export const START_MS = 1_700_000_000_000;
export const canonicalScopes = ['agent:read', 'agent:search'];
export const format = createKeyFormat('tnt');
export const now = () => START_MS;
/** A minting by the operator, for nobody in particular. */
export const byOperator: MintQuery = { actor: null, userId: null, nowMs: START_MS };

export function newKey(keyspace: Keyspace, traits: Partial<KeyRecord> = {}): NewKey {
  return makeKey(
    keyspace,
    {
      name: 'a key',
      scopeType: 'global',
      scopes: canonicalScopes,
      scopeSource: 'canonical',
      canonicalVersion: 1,
      owner: 'operator',
      createdBy: 'cli',
      expiresAtMs: null,
      ...traits,
    },
    format,
    START_MS,
  );
}

export function auditRow(organizationId: OrganizationId | null, fields: Partial<AuditRow> = {}): AuditRow {
  return {
    kind: 'call',
    at: START_MS,
    requestId: newRequestId(),
    organizationId,
    tier: 'organization-key',
    keyId: newKeyId(START_MS),
    keyPrefix: 'tnt_a1B2c3D4',
    userId: null,
    createdBy: 'cli',
    onBehalfOf: null,
    method: 'POST',
    target: '/mcp tools/call',
    tool: 'search_agents',
    status: 200,
    errorCode: null,
    durationMs: 3,
    clientAddress: '127.0.0.1',
    clientName: 'a client',
    era: '2026',
    change: null,
    ...fields,
  };
}

/** An organisation with its default key. */
export async function provision(store: Store, externalId: string | null = null) {
  let made: NewKey | undefined;
  const { organization } = await store.organizations.provision(
    externalId,
    () => {
      const id = newOrganizationId(START_MS);
      made = newKey(id, { isDefault: true, name: 'Default key' });
      const name = `Organisation ${randomBytes(4).toString('hex')}`;
      return {
        organization: { id, name, externalId, status: 'active', createdAtMs: START_MS },
        defaultKey: made,
      };
    },
    (provisioned) => auditRow(provisioned.id, { change: '{"provisioned":true}' }),
  );
  if (made === undefined) throw new Error('the organisation was there already');
  return { organization, defaultKey: made.key, hash: made.hash };
}

export function mint(store: Store, keyspace: Keyspace, made: NewKey): Promise<KeyRecord> {
  return store.keys.mint(
    keyspace,
    byOperator,
    () => made,
    (key) => auditRow(key.organizationId, { change: JSON.stringify({ minted: key.id }) }),
  );
}

/** Rows of nobody, one after the other. */
export async function appendMany(store: Store, count: number) {
  for (let place = 0; place < count; place += 1)
    await store.audit.append(auditRow(null, { durationMs: place }));
}

/** The row that a prune leaves in the place of everything up to `removed`. */
export const checkpoint = (removed: AuditEvent | undefined) =>
  auditRow(null, {
    kind: 'checkpoint',
    change: JSON.stringify({ removed_head: `${removed?.seq}:${removed?.hash}` }),
  });

/** An organisation whose default key was found once, so that it is known; `again` asks for it anew. */
export async function provisionKnown(store: Store) {
  const made = await provision(store);
  const again = () => store.keys.find(made.hash);
  expect(await again()).toBeDefined();
  return { again, ...made };
}

/** An organisation, and a host key that may act for it. */
export async function provisionHost(store: Store) {
  const { organization } = await provision(store);
  const made = newKey('operator', { scopeType: 'host' });
  const host = await mint(store, 'operator', { ...made, grants: [organization.id] });
  return { organization, host, hash: made.hash };
}
