import { CommanderError } from 'commander';
import { redactKeys } from '../secrets/key-pattern.ts';
import { createProgram } from './commands.ts';
import { lineMistakes } from './line-mistakes.ts';
import { withSafeScreen } from './print.ts';
import type { ExitCode, Runtime } from './runtime.ts';

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
