import { rmSync, writeFileSync } from 'node:fs';
import { oneOf, type Random, wholeBetween } from './random.ts';
import { type TracedFile, type TraceEvent, traced } from './trace.ts';

type Change = Extract<TraceEvent, { kind: 'write' | 'resize' }>;

/** What reached the disk of what was written after a file's last sync. */
export const survivals = ['nothing', 'all', 'prefix', 'subset', 'torn'] as const;
export type Survival = (typeof survivals)[number];

/** The power goes before event `at` of the trace. */
export type Cut = { readonly at: number; readonly survival: Survival };

const SECTOR_BYTES = 512;

/** Bytes that grow in amortised constant time. */
type Image = { bytes: Buffer; size: number };
/** A file at an instant: its synced bytes, and the writes since. */
type FileState = { readonly durable: Image; pending: Change[] };

/** The disk as a trace goes on; `advance` only goes forward. */
export function createDisk(events: readonly TraceEvent[]) {
  const files = new Map<TracedFile, FileState>(
    traced.map((file) => [file, { durable: { bytes: Buffer.alloc(0), size: 0 }, pending: [] }]),
  );
  let at = 0;
  const stateOf = (file: TracedFile): FileState => {
    const state = files.get(file);
    if (state === undefined) throw new Error(`no file ${file}`);
    return state;
  };
  return {
    /** Everything before event `until` has happened. */
    advance(until: number): void {
      for (; at < until; at += 1) {
        const event = events[at];
        if (event === undefined || event.kind === 'answer') continue;
        const state = stateOf(event.file);
        if (event.kind !== 'sync') state.pending.push(event);
        else {
          for (const change of state.pending) apply(state.durable, change);
          state.pending = [];
        }
      }
    },
    /** Writes the files as the machine would find them when the power is back; answers the changes that were lost. */
    leave(storeFile: string, survival: Survival, random: Random): number {
      let lost = 0;
      for (const [file, suffix] of [
        ['store', ''],
        ['wal', '-wal'],
        ['ledger', '.ledger'],
      ] as const) {
        const { durable, pending } = stateOf(file);
        const kept = surviving(pending, survival, random);
        lost += pending.length - kept.length;
        const image = { bytes: Buffer.from(durable.bytes.subarray(0, durable.size)), size: durable.size };
        for (const change of kept) apply(image, change);
        writeFileSync(storeFile + suffix, image.bytes.subarray(0, image.size));
      }
      rmSync(`${storeFile}-shm`, { force: true });
      return lost;
    },
  };
}

function apply(image: Image, change: Change): void {
  const end = change.kind === 'write' ? change.offset + change.bytes.length : change.size;
  if (end > image.bytes.length) {
    const grown = Buffer.alloc(Math.max(end, image.bytes.length * 2));
    image.bytes.copy(grown, 0, 0, image.size);
    image.bytes = grown;
  }
  if (change.kind === 'resize') {
    // What is beyond the end reads as zeros if the file grows again.
    if (end < image.size) image.bytes.fill(0, end, image.size);
    image.size = end;
    return;
  }
  change.bytes.copy(image.bytes, change.offset);
  image.size = Math.max(image.size, end);
}

function surviving(pending: readonly Change[], survival: Survival, random: Random): readonly Change[] {
  switch (survival) {
    case 'nothing':
      return [];
    case 'all':
      return pending;
    case 'prefix': {
      const whole = wholeBetween(random, 0, pending.length);
      const next = pending[whole];
      return [...pending.slice(0, whole), ...(next === undefined ? [] : sectorsOf(next, random, 'prefix'))];
    }
    case 'subset':
      return pending.filter(() => random() < 0.5);
    case 'torn':
      return pending.flatMap((change) => sectorsOf(change, random, 'subset'));
  }
}

/** A disk keeps a sector or not; a write of many may be torn between them. */
function sectorsOf(change: Change, random: Random, kept: 'prefix' | 'subset'): Change[] {
  if (change.kind === 'resize') return random() < 0.5 ? [change] : [];
  const { file, offset, bytes } = change;
  const sectors: Change[] = [];
  for (let from = 0; from < bytes.length; ) {
    const to = Math.min(bytes.length, from + SECTOR_BYTES - ((offset + from) % SECTOR_BYTES));
    sectors.push({ kind: 'write', file, offset: offset + from, bytes: bytes.subarray(from, to) });
    from = to;
  }
  if (kept === 'prefix') return sectors.slice(0, wholeBetween(random, 0, sectors.length));
  return sectors.filter(() => random() < 0.5);
}

/**
 * `count` cuts after event `from`, in the order of the trace: a third at the moment after an answer left, with all
 * un-synced bytes gone; a third at every n-th un-synced write, with whole writes; a third wherever chance has it.
 */
export function chooseCuts(
  events: readonly TraceEvent[],
  from: number,
  count: number,
  random: Random,
): readonly Cut[] {
  const places = events.map((event, at) => ({ event, at: at + 1 })).filter(({ at }) => at > from);
  const answers = places.filter(({ event }) => event.kind === 'answer');
  const writes = places.filter(({ event }) => event.kind === 'write' || event.kind === 'resize');
  const third = Math.ceil(count / 3);
  const chosen: Cut[] = [
    ...spread(answers, third).map(({ at }): Cut => ({ at, survival: 'nothing' })),
    ...spread(writes, third).map(({ at }): Cut => ({ at, survival: oneOf(random, ['all', 'nothing']) })),
  ];
  while (chosen.length < count) {
    chosen.push({ at: oneOf(random, places).at, survival: oneOf(random, survivals) });
  }
  return chosen.sort((one, other) => one.at - other.at);
}

/** At most `count` of a list, evenly. */
function spread<Item>(items: readonly Item[], count: number): Item[] {
  if (items.length <= count) return [...items];
  return Array.from(
    { length: count },
    (_, index) => items[Math.floor((index * items.length) / count)],
  ).filter((item) => item !== undefined);
}
