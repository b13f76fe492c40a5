import { expect, test } from 'vitest';
import { renderCommand } from '../../src/cli/keys/render-command.ts';
import type { KeyId, OrganizationId } from '../../src/ids.ts';
import type { Remedy } from '../../src/keys/review/remedy.ts';

// Branded: only the store hands out real ones.
const keyspace = 'org_1' as OrganizationId;
const keyId = 'key_1' as KeyId;
const scopes = ['agent:read', 'job:read'] as const;

const worded: readonly (readonly [Remedy, string])[] = [
  [{ action: 'confirm_key', arguments: { keyspace, keyId } }, 'keys confirm key_1 --org org_1'],
  [{ action: 'revoke_key', arguments: { keyspace: 'operator', keyId } }, 'keys revoke key_1 --host'],
  [{ action: 'rotate_key', arguments: { keyspace, keyId } }, 'keys rotate key_1 --org org_1'],
  [
    { action: 'rotate_key', arguments: { keyspace, keyId, scopes, dropScopes: true } },
    'keys rotate key_1 --org org_1 --scopes agent:read,job:read --drop-scopes',
  ],
  [{ action: 'rotate_own_key', arguments: { keyId } }, `call rotate_key '{"key_id":"key_1"}'`],
  [
    { action: 'rotate_own_key', arguments: { keyId, scopes, dropScopes: true } },
    `call rotate_key '{"key_id":"key_1","scopes":["agent:read","job:read"],"drop_scopes":true}'`,
  ],
  [
    { action: 'mint_key', arguments: { keyspace, scopes } },
    'keys mint --org org_1 --name <name> --scopes agent:read,job:read',
  ],
  [
    { action: 'update_key', arguments: { keyspace, keyId, expiresInDays: 90 } },
    'keys update key_1 --org org_1 --expires-in-days 90',
  ],
  [
    { action: 'update_key', arguments: { keyspace, keyId, missing: 'owner' } },
    'keys update key_1 --org org_1 --owner <owner>',
  ],
  [
    { action: 'update_key', arguments: { keyspace, keyId, missing: 'purpose' } },
    'keys update key_1 --org org_1 --purpose <purpose>',
  ],
  [{ action: 'reconcile_keys', arguments: {} }, 'keys reconcile --out default-keys.ndjson'],
  [
    { action: 'review_keys', arguments: { keyspace: 'operator', unusedDays: 10 } },
    'keys review --host --unused-days 10',
  ],
];

test.each(worded)('%j is worded as the one command that does it', (remedy, command) => {
  expect(renderCommand(remedy)).toBe(`tenantry ${command}`);
});
