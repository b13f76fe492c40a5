import { Command } from 'commander';
import { redactKeys } from '../secrets/key-pattern.ts';
import { registerAudit } from './audit/audit.ts';
import { registerCall } from './client/call.ts';
import { registerDemo } from './client/demo.ts';
import { registerDoctor } from './client/doctor.ts';
import { registerConfigSchema } from './config-schema.ts';
import { registerDownstreams } from './downstreams/downstreams.ts';
import { registerKeys } from './keys/keys.ts';
import { registerGroups } from './members/groups.ts';
import { registerOrgs } from './members/orgs.ts';
import { registerUsers } from './members/users.ts';
import type { ExitCode, Register, Runtime } from './runtime.ts';
import { registerServe } from './serve.ts';
import { registerStdio } from './stdio.ts';
import { registerBackup } from './store/backup.ts';
import { registerRestore } from './store/restore.ts';

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

/**
 * Every command with its arguments and options; none runs until the program parses a command line. `tellWrong` gets
 * commander's message about a wrong command line.
 */
export function createProgram(
  version: string,
  runtime: Runtime,
  done: (code: ExitCode) => void,
  tellWrong: (text: string) => void,
): Command {
  const program = new Command('tenantry')
    .description('A multi-tenant Model Context Protocol server.')
    .version(version, '-v, --version')
    .exitOverride()
    .configureOutput({
      outputError: tellWrong,
      writeOut: (text) => runtime.out(text.trimEnd()),
      // What is wrong with an argument is said with the argument in it.
      writeErr: (text) => runtime.err(redactKeys(text.trimEnd())),
    });
  for (const register of commands) register(program, runtime, done);
  return program;
}
