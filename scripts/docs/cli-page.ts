import type { Argument, Command, Option } from 'commander';
import { createProgram } from '../../src/cli/commands.ts';
import type { Runtime } from '../../src/cli/runtime.ts';
import { code, generatedFrom, page, plain, table } from './markdown.ts';

const INTRODUCTION = `\`npx tenantry <command>\` from a clone or from the installed package. Every command takes \`--help\`; a mistyped command or
option is answered with the close ones. Commands work on the store that the configuration names
(\`TENANTRY_CONFIG\`, \`TENANTRY_DATA_DIR\`), beside a server that runs. Only \`serve\` and \`orgs create\` make a store.

| exit code | meaning |
| --- | --- |
| 0 | done |
| 1 | refused or failed |
| 2 | the command line is wrong |
| 78 | the configuration is wrong |`;

/** The program as `tenantry` has it, to be read or to be parsed, never to be run. */
export function cliProgram(): Command {
  // To be registered and parsed, commands need the clock alone; what they ask for when they run is not there.
  const runtime = { now: Date.now } as Runtime;
  return createProgram(
    '0',
    runtime,
    () => {},
    () => {},
  );
}

/** The commands that do something, not those that only gather others. */
export const leaves = (command: Command): readonly Command[] =>
  command.commands.length === 0 ? [command] : command.commands.flatMap(leaves);

/** `docs/cli.md`: a section for each command. */
export function cliPage(): string {
  const commands = leaves(cliProgram());
  const index = commands.map((command) => {
    const name = nameOf(command);
    return [`[${code(name)}](#${name.replaceAll(' ', '-')})`, plain(command.description())];
  });
  return page([
    generatedFrom("the commands' definitions in `src/cli/`"),
    '# Commands',
    INTRODUCTION,
    table(['command', 'what it does'], index),
    ...commands.map(section),
  ]);
}

function section(command: Command): string {
  const words = command.registeredArguments.map(argumentRow);
  const options = command.options.filter(({ hidden }) => !hidden).map(optionRow);
  const usage = `npx tenantry ${nameOf(command)} ${command.usage()}`.trimEnd();
  const rows = [...words, ...options];
  return [
    `## ${nameOf(command)}`,
    plain(command.description()),
    `Usage: ${code(usage)}`,
    ...(rows.length === 0 ? [] : [table(['', 'what it is', 'default'], rows)]),
  ].join('\n\n');
}

const argumentRow = (argument: Argument): readonly string[] => [
  code(argument.required ? `<${argument.name()}>` : `[${argument.name()}]`),
  plain(argument.description),
  shownDefault(argument.defaultValue),
];

const optionRow = ({
  flags,
  description,
  argChoices,
  defaultValue,
  mandatory,
}: Option): readonly string[] => [
  code(flags),
  [
    plain(description),
    argChoices === undefined ? '' : `one of ${argChoices.map(code).join(', ')}`,
    mandatory ? '**required**' : '',
  ]
    .filter((part) => part !== '')
    .join('; '),
  shownDefault(defaultValue),
];

/** Nothing, an empty list and what only a flag has are no defaults that anybody needs to know. */
function shownDefault(value: unknown): string {
  if (value === undefined || value === false || (Array.isArray(value) && value.length === 0)) return '';
  return code(typeof value === 'string' ? value : JSON.stringify(value));
}

/** `keys mint` */
function nameOf(command: Command): string {
  const { parent } = command;
  return parent === null || parent.parent === null ? command.name() : `${nameOf(parent)} ${command.name()}`;
}
