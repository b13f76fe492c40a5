import { expect, test } from 'vitest';
import { createCommands, linesOf } from './commands.ts';

test('every mistake of a command line is told in one round, what is unknown first', async () => {
  const commands = createCommands();
  const line = ['keys', 'mint', '--nme', 'x', '--expires-in-days', '0', '--scopes', 'a', '--add=b', '--user'];
  expect(await commands.run(line)).toEqual({
    code: 2,
    stdout: '',
    stderr: [
      'error: unknown option "--nme"; did you mean "--name"?',
      "error: option '--expires-in-days <days>' argument '0' is invalid. Expected a whole number from 1 to 3650.",
      "error: option '--user <id>' argument missing",
      "error: required option '--name <name>' not specified",
      "error: expected one of the two, '--org <id>' or '--host'",
      "error: option '--scopes <list>' cannot be used with option '--add <list>'",
      'Add --help for what there is.\n',
    ].join('\n'),
  });
  const org = await commands.run(['orgs', 'create', '--external-id', ' x', '--jsn']);
  expect(linesOf(org.stderr)).toEqual([
    'error: unknown option "--jsn"; did you mean "--json"?',
    expect.stringMatching(/^error: option '--external-id <id>' argument ' x' is invalid. Expected 1 to 200/),
    'Add --help for what there is.',
  ]);
  const named = await commands.run(['groups', 'create', '', '--permisions', 'a']);
  expect(linesOf(named.stderr).map((text) => text.slice(0, 40))).toEqual([
    'error: unknown option "--permisions"; di',
    "error: command-argument value '' is inva",
    "error: required option '--org <id>' not ",
    'Add --help for what there is.',
  ]);
  const more = await commands.run(['orgs', 'list', 'x', 'y']);
  expect(more.stderr).toMatch(/^error: too many arguments/);
});
