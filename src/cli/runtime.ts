import type { Readable, Writable } from 'node:stream';
import type { Config, Environment } from '../config.ts';
import type { PreparedTools } from '../configured-tools.ts';
import type { Services } from '../services.ts';
import type { Restoration } from '../store.ts';

/** A server that accepts requests. */
export type Listening = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Finishes what is under way, up to 10 s, and takes nothing new. */
  stop(): Promise<void>;
};

/** The process as the commands see it; only main makes one. */
export type Runtime = {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** A line on standard output. */
  out(line: string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** Whether this is one of several processes that answer on a port; another one speaks to the terminal. */
  readonly isWorker: boolean;
  /** Whether a person reads standard output. */
  readonly isTerminal: boolean;
  readonly now: () => number;
  /** The tools that `config` names besides the shipped ones, and what is wrong with them. */
  prepareTools(config: Config): Promise<PreparedTools>;
  /** Opens the stores that `config` names; the caller closes them. */
  openServices(config: Config, prepared: PreparedTools): Promise<Services & { close(): Promise<void> }>;
  /** Prepares to restore the store that `config` names from `file`; the caller closes it. @throws a sentence */
  openRestoration(config: Config, file: string): Restoration;
  listen(services: Services): Promise<Listening>;
  /** Resolves when the process is asked to stop. */
  stopRequested(): Promise<void>;
};

/** 0 = done; 1 = refused or failed; 2 = the command line is wrong; 78 = the configuration is wrong (EX_CONFIG). */
export type ExitCode = 0 | 1 | 2 | 78;
