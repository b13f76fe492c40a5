import type { KeyRecord, KnownKey } from '../../../src/keys/key-record.ts';
import type { KeyChange } from '../../../src/keys/key-store.ts';
import type { Store } from '../../../src/store/store.ts';
import { auditRow, START_MS } from './fixtures.ts';

export const changeKey = (store: Store, { id, organizationId }: KeyRecord, how: KeyChange) =>
  store.keys.change(
    { keyspace: organizationId ?? 'operator', keyId: id },
    null,
    () => how,
    () => auditRow(organizationId),
  );

export const revokeKey = (store: Store, key: KeyRecord) =>
  changeKey(store, key, { revokedAtMs: START_MS + 7, revokedBy: 'ann', isDefault: false });

/** A key as finding it by its hash shows it. */
export function known(key: KeyRecord): KnownKey {
  const { purpose: _1, scopeSource: _2, isDefault: _3, createdAtMs: _4, revokedBy: _5, ...rest } = key;
  const { replacedBy: _6, replaces: _7, lastUsedAtMs: _8, lastClient: _9, ...shown } = rest;
  return shown;
}
