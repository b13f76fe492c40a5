import { alone, type Fleet } from '../fleet.ts';

/** Which refusals of a credential get a row of their own, so that a flood cannot fill the trail. */
export type RefusalLimit = {
  /** Whether this refusal is written; one that is not is counted for the summary. */
  admit(address: string | null): boolean;
  /** Refusals counted and not written since the last call. */
  takeUnwritten(): number;
};

const WINDOW_MS = 60_000;
const PER_ADDRESS = 20;
const OVER_ALL = 1000;

/** The same limit for all processes of a server, whose primary sums up what none of them wrote. */
export function createRefusalLimit(now: () => number, fleet: Fleet = alone): RefusalLimit {
  let windowStartMs = Number.NEGATIVE_INFINITY;
  let written = 0;
  let unwritten = 0;
  const perAddress = new Map<string, number>();
  const writtenByAll = fleet.counts('refusals written');
  const unwrittenByAll = fleet.counts('refusals not written');

  const startWindow = (): void => {
    if (now() - windowStartMs < WINDOW_MS) return;
    windowStartMs = now();
    written = 0;
    perAddress.clear();
  };
  const note = (network: string, count: number): void => {
    startWindow();
    perAddress.set(network, (perAddress.get(network) ?? 0) + count);
    written += count;
  };
  writtenByAll.onOthers(note);
  unwrittenByAll.onOthers((_network, count) => {
    if (fleet.size === 1) unwritten += count;
  });

  return {
    admit(address) {
      startWindow();
      const network = networkOf(address);
      const seen = perAddress.get(network) ?? 0;
      if (seen >= PER_ADDRESS || written >= OVER_ALL) {
        if (fleet.size === 1) unwritten += 1;
        else unwrittenByAll.add(network);
        return false;
      }
      note(network, 1);
      writtenByAll.add(network);
      return true;
    },
    takeUnwritten() {
      const count = unwritten;
      unwritten = 0;
      return count;
    },
  };
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
