import { endOfLifeMs, isHeld } from '../../keys/key-record.ts';
import type { KeyView } from '../../keys/key-wire.ts';
import type { Scope } from '../../scopes/scopes.ts';
import { isoTime } from '../../time.ts';
import { shortened } from '../table.ts';

const columns = ['PREFIX', 'NAME', 'SCOPES', 'STATUS', 'EXPIRES', 'LAST USED', 'KEY ID'] as const;

export const keyTableHeader: readonly string[] = columns;

const LONGEST_NAME = 20;
const LONGEST_SCOPES = 24;

/** A row for a terminal; `canonical` is the present canonical set. What is left out here is in `--json`. */
export const keyTableRow =
  (canonical: readonly Scope[]) =>
  (key: KeyView): readonly string[] => [
    key.prefix,
    shortened(key.name, LONGEST_NAME) + (key.isDefault ? ' *' : ''),
    scopesInShort(key.scopes, canonical),
    isHeld(key) ? 'held' : key.status,
    minuteOrNever(endOfLifeMs(key)),
    minuteOrNever(key.lastUsedAtMs),
    key.id,
  ];

function scopesInShort(scopes: readonly Scope[], canonical: readonly Scope[]): string {
  if (scopes.length === 0) return '(none)';
  if (canonical.length > 0 && canonical.every((scope) => scopes.includes(scope))) {
    const more = scopes.length - canonical.length;
    return more === 0 ? 'canonical' : `canonical + ${more}`;
  }
  const names = scopes.join(',');
  return scopes.length <= 3 && names.length <= LONGEST_SCOPES ? names : `${scopes.length} scopes`;
}

/** `2026-11-20 05:31`, in UTC. */
const minuteOrNever = (ms: number | null): string =>
  ms === null ? 'never' : isoTime(ms).slice(0, 16).replace('T', ' ');
