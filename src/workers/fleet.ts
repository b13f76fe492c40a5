/** A count for each name that all processes of a server keep together. */
export type SharedCounts = {
  /** The others hear of it within a tenth of a second. */
  add(name: string): void;
  onOthers(listener: (name: string, count: number) => void): void;
};

/** The processes that serve together. One that is alone sends and receives no counts. */
export type Fleet = {
  /** How many share the load. */
  readonly size: number;
  /** The same topic means the same counts in each. */
  counts(topic: string): SharedCounts;
  /** `own` is what this process reports of itself; what it returns asks all of them, and leaves out those that are late. */
  reports(own: () => Promise<unknown>): () => Promise<readonly unknown[]>;
};

export const alone: Fleet = {
  size: 1,
  counts: () => ({ add: () => {}, onOthers: () => {} }),
  reports: (own) => async () => [await own()],
};
