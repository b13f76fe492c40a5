import type { Readable, Writable } from 'node:stream';
import type { Command } from 'commander';
import type { Config, Environment } from '../config/load-config.ts';
import type { Services } from '../server/services.ts';
import type { StoreLocation } from '../store/store-files.ts';
import type { PreparedTools } from '../tool-sources/prepare-tools.ts';

/** A server that accepts requests. */
export type Listening = {
  /** Such as `http://127.0.0.1:8080`. */
  readonly url: string;
  /** Call it when the start is over: work before that does not count as overload. */
  started?(): void;
  /** Finishes what is under way, up to 10 s, and takes nothing new. */
  stop(): Promise<void>;
};

/** The process as the commands see it; only main makes one. */
export type Runtime = {
  readonly env: Environment;
  readonly cwd: string;
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** A line on standard output; `paint` colours it once it is harmless. */
  out(line: string, paint?: (line: string) => string): void;
  /** A line on standard error. */
  err(line: string): void;
  /** Whether this is one of several processes that answer on a port; another one speaks to the terminal. */
  readonly isWorker: boolean;
  /** Whether a person reads standard output. */
  readonly isTerminal: boolean;
  /** The user that runs it; undefined on a platform whose files have no mode. */
  readonly uid: number | undefined;
  readonly now: () => number;
  /** The tools that `config` names besides the shipped ones, and their mistakes; a trial approves no tool. */
  prepareTools(config: Config, options?: { readonly isTrial: boolean }): Promise<PreparedTools>;
  /** Opens the stores that `config` names; the caller closes them. */
  openServices(config: Config, prepared: PreparedTools): Promise<Services & { close(): Promise<void> }>;
  /** Where the store that `config` names is; nothing is opened. */
  locateStore(config: Config): StoreLocation;
  listen(services: Services): Promise<Listening>;
  /** Resolves when the process is asked to stop. */
  stopRequested(): Promise<void>;
};

/** 0 = done; 1 = refused or failed; 2 = the command line is wrong; 78 = the configuration is wrong (EX_CONFIG). */
export type ExitCode = 0 | 1 | 2 | 78;

/** A command registers itself and hands its exit code to `done`. */
export type Register = (program: Command, runtime: Runtime, done: (code: ExitCode) => void) => void;
