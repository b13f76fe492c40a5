import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, CommanderError } from 'commander';
import { expect, test } from 'vitest';
import { cliProgram, leaves } from '../../scripts/docs/cli-page.ts';
import { root } from '../support/fresh-start.ts';
import { blocksOf, codeSpans, pages } from '../support/markdown.ts';
import { shellCommands } from '../support/shell-lines.ts';

const { scripts } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

/** Programs of others, whose options are theirs to know. */
const others = new Set(['claude', 'codex', 'curl', 'export', 'gemini', 'git', 'openssl', 'sudo']);

/** Replacements of the reader's own values, which an option would refuse as they are written. */
const stands: Readonly<Record<string, string>> = { 'SEQ:HASH': `1:${'0'.repeat(64)}` };

const inBlocks = blocksOf('sh').flatMap(({ file, line, text }) =>
  shellCommands(text).map((words) => ({ at: `${file}:${line}`, words })),
);
/** A command in a sentence names what it is about, and may leave the rest out. */
const inSentences = pages.flatMap((page) =>
  codeSpans(page)
    .filter((text) => /^(?:npx tenantry|npm) /.test(text) && !/[<[]| …$/.test(text))
    .flatMap((text) => shellCommands(text))
    .map((words) => ({ at: page.file, words })),
);

test('there are commands to check', () => {
  expect(inBlocks.length).toBeGreaterThan(40);
  expect(inSentences.length).toBeGreaterThan(10);
});

test.each(inBlocks)('$at: $words', ({ words }) => {
  expect(mistakeIn(words, 'whole')).toBeUndefined();
});

test.each(inSentences)('$at: $words, in a sentence', ({ words }) => {
  expect(mistakeIn(words, 'part')).toBeUndefined();
});

/** What is wrong with a command of a page; undefined for a good one. */
function mistakeIn([program = '', ...words]: readonly string[], how: 'whole' | 'part'): string | undefined {
  if (others.has(program)) return undefined;
  if (program === 'npm') return mistakeOfNpm(words);
  if (program === 'node_modules/.bin/node' || program === 'node') {
    return existsSync(join(root, words[0] ?? '')) ? undefined : `no file ${words[0]}`;
  }
  if (program !== 'npx') return `unknown program ${program}`;
  const [name = '', ...given] = words;
  if (name !== 'tenantry')
    return existsSync(join(root, 'node_modules', name)) ? undefined : `no package ${name}`;
  return mistakeOfTenantry(given, how);
}

function mistakeOfNpm([what = '', name = '']: readonly string[]): string | undefined {
  if (['ci', 'install', 'pack'].includes(what)) return undefined;
  const script = what === 'run' ? name : what;
  return script in scripts ? undefined : `no script ${script}`;
}

/** The command line, parsed as the program itself would, with nothing run. */
function mistakeOfTenantry(words: readonly string[], how: 'whole' | 'part'): string | undefined {
  const program = cliProgram();
  const all: readonly Command[] = [program, ...program.commands, ...leaves(program)];
  for (const command of all) {
    command.exitOverride().configureOutput({ writeOut: () => {}, writeErr: () => {} });
    if (command.commands.length === 0) command.action(() => {});
    for (const option of how === 'part' ? command.options : []) option.makeOptionMandatory(false);
    for (const argument of how === 'part' ? command.registeredArguments : []) argument.argOptional();
  }
  try {
    program.parse(
      words.map((word) => stands[word] ?? word),
      { from: 'user' },
    );
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof CommanderError)) throw thrown;
    // Help and version end so too; a group of commands by its name alone shows its help.
    return thrown.exitCode === 0 || (how === 'part' && thrown.code === 'commander.help')
      ? undefined
      : thrown.message;
  }
}
