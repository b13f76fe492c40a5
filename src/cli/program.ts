import { Command, CommanderError } from 'commander';
import { redactKeys } from '../token-shape.ts';
import { registerAudit } from './audit.ts';
import { registerBackup } from './backup.ts';
import { registerCall } from './call.ts';
import { registerConfigSchema } from './config-schema.ts';
import { registerDemo } from './demo.ts';
import { registerDoctor } from './doctor.ts';
import { registerDownstreams } from './downstreams.ts';
import { registerGroups } from './groups.ts';
import { registerKeys } from './keys.ts';
import { registerOrgs } from './orgs.ts';
import { registerRestore } from './restore.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { registerServe } from './serve.ts';
import { registerStdio } from './stdio.ts';
import { registerUsers } from './users.ts';

/** A command registers itself and hands its exit code to `done`. */
export type Register = (program: Command, runtime: Runtime, done: (code: ExitCode) => void) => void;

const commands: readonly Register[] = [
  registerServe,
  registerStdio,
  registerDoctor,
  registerOrgs,
  registerKeys,
  registerUsers,
  registerGroups,
  registerAudit,
  registerBackup,
  registerRestore,
  registerDownstreams,
  registerCall,
  registerDemo,
  registerConfigSchema,
];

/** Runs one command; `argv` is what follows the program's name. */
export async function runCli(argv: readonly string[], version: string, runtime: Runtime): Promise<ExitCode> {
  let exitCode: ExitCode = 0;
  const program = new Command('tenantry')
    .description('A multi-tenant Model Context Protocol server.')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => runtime.out(text.trimEnd()),
      // What is wrong with an argument is said with the argument in it.
      writeErr: (text) => runtime.err(redactKeys(text.trimEnd())),
    });
  for (const register of commands) {
    register(program, runtime, (code) => {
      exitCode = code;
    });
  }
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander throws to end: 0 after help or version, else the command line is wrong.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}
