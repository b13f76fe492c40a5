import type { AuditSlot } from '../../audit/audit-slot.ts';
import { type AppError, toAppError } from '../../errors.ts';
import type { Identified } from '../../identity/schemes/scheme.ts';

/** A call whose principal is known, and what ends it. */
type CallUnderWay = {
  readonly identified: Identified;
  readonly end: AbortController;
  readonly slot: Pick<AuditSlot, 'isClosed'>;
};

/** Ends calls under way, plain ones and streams, within a second of what they were let in with. */
export type CallWatch = {
  /** Until what it returns is called. */
  watch(call: CallUnderWay): () => void;
};

/**
 * A call in a ring, in which it costs nothing to come and go; a Set that fills and empties with every call takes a fifth
 * of the CPU of a call. The link without a call is where the ring begins.
 */
type Link = { readonly call: CallUnderWay | null; isOlder: boolean; before: Link; behind: Link };

/** How often it looks, in milliseconds. A call that is over before the second look costs a link. */
const LOOK_MS = 250;
/** Looks in a row that the store may leave unanswered: a moment's failure ends nothing. */
const MOST_UNANSWERED = 2;

/** One timer for all calls of a process, and one question for all calls of a key in an organisation. */
export function createCallWatch(): CallWatch {
  const ring = newRing();
  const unanswered = new Map<string, number>();
  let timer: NodeJS.Timeout | undefined;
  let isLooking = false;

  async function lookAt(caller: string, [first, ...others]: readonly CallUnderWay[]): Promise<void> {
    const refusal = await refusalOf(caller, first);
    if (refusal === undefined) return;
    for (const call of [first, ...others]) {
      // What is committed is done: its answer says so.
      if (call !== undefined && !call.slot.isClosed()) call.end.abort(refusal);
    }
  }

  async function refusalOf(caller: string, call: CallUnderWay | undefined): Promise<AppError | undefined> {
    try {
      const refusal = await call?.identified.refusalNow();
      unanswered.delete(caller);
      return refusal;
    } catch (thrown) {
      const times = (unanswered.get(caller) ?? 0) + 1;
      unanswered.set(caller, times);
      return times < MOST_UNANSWERED ? undefined : toAppError(thrown);
    }
  }

  async function look(): Promise<void> {
    if (isLooking) return;
    if (ring.behind === ring) {
      clearInterval(timer);
      timer = undefined;
      unanswered.clear();
      return;
    }
    isLooking = true;
    await Promise.all([...byCaller(ring)].map(([caller, own]) => lookAt(caller, own)));
    isLooking = false;
  }

  return {
    watch(call) {
      const link = join(ring, call);
      timer ??= setInterval(() => void look(), LOOK_MS).unref();
      return () => leave(link);
    },
  };
}

function newRing(): Link {
  const ring = { call: null, isOlder: false } as Omit<Link, 'before' | 'behind'> as Link; // Linked in the next line.
  ring.before = ring;
  ring.behind = ring;
  return ring;
}

function join(ring: Link, call: CallUnderWay): Link {
  const link = { call, isOlder: false, before: ring, behind: ring.behind };
  link.behind.before = link;
  ring.behind = link;
  return link;
}

/** A link that has left is a ring of its own, so that to leave again changes nothing. */
function leave(link: Link): void {
  link.before.behind = link.behind;
  link.behind.before = link.before;
  link.before = link;
  link.behind = link;
}

/** The calls that were there at the look before. */
function byCaller(ring: Link): ReadonlyMap<string, readonly CallUnderWay[]> {
  const older = new Map<string, CallUnderWay[]>();
  for (let link = ring.behind; link.call !== null; link = link.behind) {
    const { call } = link;
    if (link.isOlder) {
      const { subjectId, organization } = call.identified.principal;
      const name = `${subjectId} ${organization?.id}`;
      const own = older.get(name);
      if (own === undefined) older.set(name, [call]);
      else own.push(call);
    }
    link.isOlder = true;
  }
  return older;
}
