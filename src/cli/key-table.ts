import { isoTimeOrNull } from '../iso-time.ts';
import type { KeyView } from '../keys/key-wire.ts';

const columns = ['PREFIX', 'NAME', 'SCOPES', 'STATUS', 'OWNER', 'EXPIRES', 'LAST USED', 'KEY ID'] as const;

export const keyTableHeader: readonly string[] = columns;

export const keyTableRow = (key: KeyView): readonly string[] => [
  key.prefix,
  key.isDefault ? `${key.name} (default)` : key.name,
  key.scopes.join(',') || '(none)',
  key.status,
  key.owner,
  isoTimeOrNull(key.expiresAtMs) ?? 'never',
  isoTimeOrNull(key.lastUsedAtMs) ?? 'never',
  key.id,
];
