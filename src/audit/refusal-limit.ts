import type { Clock } from '../clock.ts';
import type { KeyId, OrganizationId } from '../ids.ts';
import { alone, type Fleet } from '../workers/fleet.ts';
import { createBudget } from './budget.ts';

/** Whose refusal it is, as far as the credential is a key of the store, live or not. */
type RefusedKey = {
  readonly organizationId: OrganizationId | null;
  readonly keyId: KeyId | null;
  readonly keyPrefix: string | null;
};

type Refusal = {
  /** Null where nobody knows the credential. */
  readonly key: RefusedKey | null;
  readonly address: string | null;
  readonly code: string;
};

/** Refusals that were counted in place of a row: of one key or, where `key` is null, of unknown credentials. */
export type Unwritten = {
  readonly key: RefusedKey | null;
  readonly count: number;
  readonly codes: Readonly<Record<string, number>>;
};

/** Which refusals get a row of their own, so that a flood cannot fill the trail. */
export type RefusalLimit = {
  /** Whether this refusal is written; one that is not is counted for the summary. */
  admit(refusal: Refusal): boolean;
  /** Refusals counted and not written since the last call. */
  takeUnwritten(): readonly Unwritten[];
  /** Counts what could not be written either for the next summary. */
  putBack(unwritten: readonly Unwritten[]): void;
};

/** An unknown credential is its address's; a known key's refusals are its own, so that no noise hides them. */
const UNKNOWN = { each: 20, overAll: 1000 };
const KNOWN = { each: 600, overAll: Number.POSITIVE_INFINITY };
/** Keys told apart in a minute; those beyond share the budget of their organisation. */
const MOST_KEYS = 10_000;

/** The same limit for all processes of a server, whose primary sums up what none of them wrote. */
export function createRefusalLimit(elapsed: Clock['elapsed'], fleet: Fleet = alone): RefusalLimit {
  const unknown = createBudget(UNKNOWN, elapsed, fleet.counts('refusals written'));
  const known = createBudget(KNOWN, elapsed, fleet.counts('refusals of keys written'));
  const unwritten = new Map<string, number>();
  const unwrittenByAll = fleet.counts('refusals not written');
  const count = (name: string, more: number): void => {
    if (fleet.size === 1) unwritten.set(name, (unwritten.get(name) ?? 0) + more);
  };
  unwrittenByAll.onOthers(count);

  const nameOf = (key: RefusedKey): string => JSON.stringify([key.organizationId, key.keyId, key.keyPrefix]);
  /** The name under which the refusals of a key are counted. */
  const ofKey = (key: RefusedKey): string => {
    const name = nameOf(key);
    return known.has(name) || known.size < MOST_KEYS
      ? name
      : nameOf({ ...key, keyId: null, keyPrefix: null });
  };

  return {
    admit({ key, address, code }) {
      const name = key === null ? null : ofKey(key);
      if (name === null ? unknown.take(networkOf(address)) : known.take(name)) return true;
      const counted = name === null ? '' : `${code} ${name}`;
      if (fleet.size === 1) count(counted, 1);
      else unwrittenByAll.add(counted);
      return false;
    },
    takeUnwritten() {
      const taken = [...unwritten];
      unwritten.clear();
      return summedUp(taken);
    },
    putBack(sums) {
      for (const { key, count: all, codes } of sums) {
        if (key === null) count('', all);
        else for (const [code, each] of Object.entries(codes)) count(`${code} ${nameOf(key)}`, each);
      }
    },
  };
}

/** One for each key, with the counts by code. */
function summedUp(counts: readonly (readonly [name: string, count: number])[]): readonly Unwritten[] {
  const sums = new Map<string, { count: number; codes: Record<string, number> }>();
  for (const [name, count] of counts) {
    const end = name.indexOf(' ');
    const key = name.slice(end + 1);
    const sum = sums.get(key) ?? { count: 0, codes: {} };
    sums.set(key, sum);
    sum.count += count;
    if (end > 0) sum.codes[name.slice(0, end)] = count;
  }
  return [...sums].map(([name, sum]) => ({ key: keyIn(name), ...sum }));
}

/** The key of a name that this file made, perhaps in another process. */
function keyIn(name: string): RefusedKey | null {
  if (name === '') return null;
  const [organizationId, keyId, keyPrefix] = JSON.parse(name);
  return { organizationId, keyId, keyPrefix };
}

/** An IPv6 host owns its whole /64, so that is what is counted. */
function networkOf(address: string | null): string {
  if (address === null) return '';
  if (!address.includes(':')) return address;
  const [head = '', tail = ''] = address.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === '' ? [] : tail.split(':');
  const zeros = address.includes('::') ? Array(Math.max(0, 8 - left.length - right.length)).fill('0') : [];
  const groups = [...left, ...zeros, ...right].slice(0, 4);
  return groups.map((group) => group.toLowerCase().replace(/^0+(?=.)/, '')).join(':');
}
