import type { Command } from 'commander';
import type { ExitCode, Runtime } from './runtime.ts';

/** A command registers itself and hands its exit code to `done`. */
export type Register = (program: Command, runtime: Runtime, done: (code: ExitCode) => void) => void;
