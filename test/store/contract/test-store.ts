import type { Store } from '../../../src/store/store.ts';

/** A store of the test's own; it is closed, and gone, when the test is. */
export type TestStore = Store & {
  /** Opens the same store once more, as another process does. */
  openAgain(): Promise<Store>;
  /** Every row of every table, to show that something touched nothing. */
  everything(): Promise<string>;
};

export type OpenTestStore = () => Promise<TestStore>;

export type StoreOpeners = {
  /** A new store with its canonical set, so that keys can be made. */
  readonly openStore: OpenTestStore;
  /** A new store as opening makes it. */
  readonly openEmptyStore: OpenTestStore;
};
