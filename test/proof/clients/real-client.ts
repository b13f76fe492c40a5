import type { Wire } from '../../support/real-clients.ts';

/** The result of a call, as the client shows it to its user. */
export type Outcome =
  // biome-ignore lint/suspicious/noExplicitAny: a proof looks into the raw answer
  | { readonly kind: 'answered'; readonly data: any; readonly text: string }
  | { readonly kind: 'failed'; readonly says: string; readonly data: unknown }
  | { readonly kind: 'refused'; readonly says: string; readonly isConnecting?: boolean };

/** One session of any client. */
export type Agent = {
  /** The protocol revision agreed on, where the client tells. */
  readonly revision: string | null;
  listTools(): Promise<readonly string[]>;
  call(tool: string, args?: object, onProgress?: (progress: number) => void): Promise<Outcome>;
  /** The text of a resource. @throws where it is refused */
  readResource(uri: string): Promise<string>;
  /** What is offered for the one argument of the resource template `uri`; a step that needs it may be left out. */
  complete(uri: string, argument: string, typed: string): Promise<readonly string[]>;
  close(): Promise<void>;
};

/** A client of another project, and what it cannot show. */
export type RealClient = {
  /** Of its row. */
  readonly name: string;
  readonly version: string;
  readonly transport: string;
  readonly era: '2025' | '2026';
  /** @throws where the server refuses it and the client says so at once */
  open(wire: Wire): Promise<Agent>;
  /** The only steps to do, where another row of the same client does them all. */
  readonly shortened?: readonly string[];
  /** Steps that it has no way to do, by name, and why. */
  readonly cannot?: Readonly<Record<string, string>>;
  /** How it words a refusal whose code it keeps to itself. */
  readonly wording?: Readonly<Record<string, RegExp>>;
  /** What it says of any refusal that meets it while it connects, where that is all. */
  readonly wordingWhenConnecting?: RegExp;
};

/** All that an error tells, in one text. */
export function everythingIn(error: unknown): string {
  if (!(error instanceof Error)) return JSON.stringify(error);
  const { name, message, cause, ...more } = error;
  return `${name} ${message} ${JSON.stringify(more)} ${cause === undefined ? '' : everythingIn(cause)}`;
}
