import { AppError } from '../errors.ts';
import type { RequestId } from '../ids.ts';
import type { AuditRow } from './audit-event.ts';
import type { AuditSanitizer } from './audit-sanitizer.ts';
import type { AuditTrail } from './audit-trail.ts';
import type { Mutate } from './mutate.ts';
import type { RefusalLimit } from './refusal-limit.ts';
import { type Noted, type Outcome, openRequestRows, type RequestFacts } from './request-rows.ts';

/** One request's one closing row: opened first, closed once, committed before the answer leaves. */
export type AuditSlot = {
  readonly requestId: RequestId;
  readonly traceparent: string | null;
  /** Whether its row is written, or on its way. */
  isClosed(): boolean;
  note(facts: Noted): void;
  /**
   * Makes the one change of the request, whose row is the closing row: it says what was changed, and success.
   *
   * @throws INTERNAL before a second change writes anything: that is a bug of the tool
   */
  readonly mutate: Mutate;
  /** Commits, before a write leaves the store, that it is about to. */
  intent(write: { readonly method: string; readonly path: string }): Promise<void>;
  /**
   * Resolves once the row is committed. Only the first close counts; later ones await it. After a change a success
   * writes nothing more; a failure writes a row of its own kind, since the change stays made.
   */
  close(outcome: Outcome): Promise<void>;
};

export type SlotDeps = {
  readonly trail: AuditTrail;
  readonly refusals: RefusalLimit;
  readonly now: () => number;
  /** For how long a call took: a clock that nobody sets. */
  readonly elapsed: () => number;
  /** Called for every request that ended, written or not: for metrics and the log. */
  readonly observe: (row: AuditRow) => void;
  readonly texts: AuditSanitizer;
};

/** The one change of a request. */
type Mutation = {
  /** Handed out, and committed once `ended` resolves; undefined where nothing is changed. */
  row: AuditRow | undefined;
  readonly ended: Promise<void>;
};

export function openAuditSlot(facts: RequestFacts, deps: SlotDeps): AuditSlot {
  const rows = openRequestRows(facts, deps, deps.texts);
  const { requestId, note, row, successRow } = rows;
  let closing: Promise<void> | undefined;
  let mutation: Mutation | undefined;
  /** Whether a write was about to leave: then its end is always written. */
  let wasAnnounced = false;

  const append = (outcome: Outcome): Promise<void> => {
    const closingRow = row('call', outcome);
    deps.observe(closingRow);
    // A flood of refusals must not fill the disk: beyond the limit they are counted, not written.
    const isCounted = !wasAnnounced && isRefusal(closingRow) && !deps.refusals.admit(refusalOf(closingRow));
    return isCounted ? Promise.resolve() : deps.trail.append(closingRow);
  };

  const end = async (outcome: Outcome): Promise<void> => {
    // Whether the change is committed decides which row ends the request.
    if (mutation?.row !== undefined) await mutation.ended;
    if (mutation?.row === undefined) return append(outcome);
    const made = mutation.row;
    if ((outcome.errorCode ?? null) === null) return deps.observe(made);
    const failure = { ...row('failure', outcome), organizationId: made.organizationId };
    deps.observe(failure);
    await deps.trail.append(failure);
  };

  const mutate: Mutate = async (write) => {
    if (mutation !== undefined) throw secondChange(rows.tool());
    const { promise: ended, resolve } = Promise.withResolvers<void>();
    const own: Mutation = { row: undefined, ended };
    mutation = own;
    let committed: AuditRow | undefined;
    try {
      const result = await write((change, concerned) => {
        if (closing !== undefined) throw new AppError('CANCELLED');
        const made = successRow(change);
        own.row = concerned === undefined ? made : { ...made, organizationId: concerned };
        return own.row;
      });
      committed = own.row;
      return result;
    } finally {
      own.row = committed;
      if (committed === undefined) mutation = undefined;
      resolve();
    }
  };

  return {
    requestId,
    traceparent: facts.traceparent,
    // A getter would give the slot of each request a hidden class of its own, which costs a fifth of a call.
    isClosed: () => closing !== undefined || mutation?.row !== undefined,
    note,
    mutate,
    intent({ method, path }) {
      wasAnnounced = true;
      return deps.trail.append(
        row('intent', { status: 0, change: { method, path: deps.texts.sanitizePath(path) } }),
      );
    },
    close(outcome) {
      closing ??= end(outcome);
      return closing;
    },
  };
}

const secondChange = (tool: string | null): AppError =>
  new AppError('INTERNAL', {
    cause: new Error(`${tool}: a second change in one call was refused; a call makes one change`),
  });

/** What went wrong on our side or the platform's; every other code says that nothing was done. */
const failures = /^(?:STORE_.*|INTERNAL|CANCELLED|TENANT_MISMATCH|DOWNSTREAM_(?!NOT_CONFIGURED$).*)$/;

/** Whether the row is of a key, or of no credential that counts, that was refused. */
function isRefusal({ errorCode, keyId, tier }: AuditRow): boolean {
  return errorCode !== null && !failures.test(errorCode) && (keyId !== null || tier === 'none');
}

const refusalOf = ({ organizationId, keyId, keyPrefix, clientAddress, errorCode }: AuditRow) => ({
  key: keyId === null ? null : { organizationId, keyId, keyPrefix },
  address: clientAddress,
  code: errorCode ?? '',
});
