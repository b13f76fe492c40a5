import { Command, CommanderError } from 'commander';
import { redactKeys } from '../secrets/key-pattern.ts';
import { registerAudit } from './audit/audit.ts';
import { registerCall } from './client/call.ts';
import { registerDemo } from './client/demo.ts';
import { registerDoctor } from './client/doctor.ts';
import { registerConfigSchema } from './config-schema.ts';
import { registerDownstreams } from './downstreams/downstreams.ts';
import { registerKeys } from './keys/keys.ts';
import { lineMistakes } from './line-mistakes.ts';
import { registerGroups } from './members/groups.ts';
import { registerOrgs } from './members/orgs.ts';
import { registerUsers } from './members/users.ts';
import { withSafeScreen } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
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

/** Runs one command; `argv` is what follows the program's name. */
export async function runCli(argv: readonly string[], version: string, bare: Runtime): Promise<ExitCode> {
  const runtime = withSafeScreen(bare);
  let exitCode: ExitCode = 0;
  let ownWords = '';
  const done = (code: ExitCode): void => {
    exitCode = code;
  };
  const program = createProgram(version, runtime, done, (text) => {
    ownWords = text;
  });
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return exitCode;
  } catch (error) {
    // Commander throws to end: 0 after help or version, else the command line is wrong.
    if (!(error instanceof CommanderError)) throw error;
    if (error.exitCode === 0) return 0;
    explain(lineMistakes(program, argv), ownWords, runtime);
    return 2;
  }
}

/** All mistakes that `lineMistakes` knows; else commander's message. */
function explain(mistakes: readonly string[], ownWords: string, runtime: Runtime): void {
  const said = mistakes.length > 0 ? mistakes : [ownWords.trimEnd()].filter((text) => text !== '');
  // What is wrong with an argument is said with the argument in it.
  for (const line of new Set(said)) runtime.err(redactKeys(line));
  if (said.length > 0) runtime.err('Add --help for what there is.');
}
