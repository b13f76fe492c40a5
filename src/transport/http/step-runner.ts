import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Answer } from './request-context.ts';
import type { Route } from './router.ts';

/** A request as it arrives; `end` aborts when its client goes away, its key dies or the server stops. */
export type Arrived = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly end: AbortController;
};

export type RouteKind = Route['kind'];

type Kinds = readonly RouteKind[];
type Row = { readonly kinds: ReadonlySet<RouteKind>; readonly take: (call: object) => unknown };

/** What a step that may find nothing finds is not counted on. */
type Sure<Adds> = [Adds] extends [object] ? Adds : unknown;

/**
 * Steps in the order in which a request takes them. Each reads what the earlier ones found, which its type says, and
 * returns what it found itself. One that returns an `answer` ends the way; one that throws is answered by the catcher.
 */
export type Pipeline<Found> = {
  /** `kinds`: the routes that take this step. */
  step<Adds extends object | undefined>(
    kinds: Kinds,
    take: (call: Found) => Adds | Promise<Adds>,
  ): Pipeline<Found & Sure<Adds>>;
  /** Takes the steps of the call's kind, until there is an answer, and writes into `call` what they find. */
  run(call: Arrived): Promise<void>;
};

export function createPipeline<Found extends Arrived = Arrived>(rows: readonly Row[] = []): Pipeline<Found> {
  return {
    step: (kinds, take) =>
      // The types above hold the order: a row is given a call in which every earlier row has left what it found.
      createPipeline([...rows, { kinds: new Set(kinds), take: take as Row['take'] }]),
    async run(call) {
      const found: Arrived & { route?: Route; answer?: Answer } = call;
      for (const { kinds, take } of rows) {
        if (found.route !== undefined && !kinds.has(found.route.kind)) continue;
        const taken = take(found);
        const added = taken instanceof Promise ? await taken : taken;
        if (added !== undefined) Object.assign(found, added);
        if (found.answer !== undefined) return;
      }
    },
  };
}
