/** A deliberate breakage of the program, and the proof that must turn red for it. */
export type PlantedBug = {
  /** Unique, kebab-case. */
  readonly name: string;
  /** What goes wrong for users, or the incident that it repeats. */
  readonly harm: string;
  /** Path from the root. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly find: string;
  readonly replace: string;
  /** The file of `test/proof` that must turn red, without `.test.ts`. */
  readonly proof: string;
  /** Only the tests whose name holds this text; all of the file when left out. */
  readonly test?: string;
};
