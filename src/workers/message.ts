/** What workers and their primary say to each other (node:cluster sends it as JSON). */
export type Message =
  /** Counts that a worker added, on their way to all others. */
  | { readonly kind: 'counts'; readonly added: readonly Added[] }
  /** A worker asks what all report; `asker` is its id. */
  | { readonly kind: 'ask'; readonly asker: number; readonly question: number }
  /** One of the answers, of so many in all. */
  | {
      readonly kind: 'report';
      readonly asker: number;
      readonly question: number;
      readonly of: number;
      readonly report: unknown;
    }
  /** A worker hears now; what it needs of the primary is its answer. */
  | { readonly kind: 'join' }
  | { readonly kind: 'welcome'; readonly bootstrapCode: string }
  /** Finish what is under way, and end. */
  | { readonly kind: 'stop' };

export type Added = readonly [topic: string, name: string, count: number];

/** Only these processes are at the ends of the channel; anything else on it is not meant for us. */
export const isMessage = (value: unknown): value is Message =>
  typeof value === 'object' && value !== null && 'kind' in value;
