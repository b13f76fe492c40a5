import { type Argument, type Command, InvalidArgumentError, type Option } from 'commander';
import { hint, quoted } from '../words/did-you-mean.ts';

/** Options of which a command needs exactly one, by their flags. */
const choices = new WeakMap<Command, readonly string[]>();

export const withChoice = (command: Command, flags: readonly string[]): Command => {
  choices.set(command, flags);
  return command;
};

export const expectedChoice = (flags: readonly string[]): string =>
  `error: expected one of the two, ${flags.map((each) => `'${each}'`).join(' or ')}`;

/**
 * Every mistake of a command line, unknown options first: a missing option is often a mistyped one.
 * commander itself ends at the first one.
 */
export function lineMistakes(program: Command, argv: readonly string[]): readonly string[] {
  const { command, words } = findCommand(program, argv);
  const line = readLine(command, words);
  const invalid = line.values.flatMap(({ option, value }) =>
    refusalOf(option, value, `error: option '${option.flags}' argument '${value}' is invalid.`),
  );
  const invalidArguments = command.registeredArguments.flatMap((argument, index) => {
    const value = argument.variadic ? undefined : line.positionals[index];
    if (value === undefined) return [];
    return refusalOf(
      argument,
      value,
      `error: command-argument value '${value}' is invalid for argument '${argument.name()}'.`,
    );
  });
  return [...unknownOptions(command, line), ...invalidArguments, ...invalid, ...missed(command, line)];
}

type Line = {
  readonly given: readonly Option[];
  readonly values: readonly { readonly option: Option; readonly value: string }[];
  readonly unknown: readonly string[];
  /** Options at the end of the line that take a value. */
  readonly cut: readonly Option[];
  readonly positionals: readonly string[];
};

function findCommand(program: Command, argv: readonly string[]) {
  let command = program;
  let depth = 0;
  for (const word of argv) {
    const found = command.commands.find((each) => each.name() === word);
    if (found === undefined) break;
    command = found;
    depth += 1;
  }
  return { command, words: argv.slice(depth) };
}

function readLine(command: Command, words: readonly string[]): Line {
  const [given, values, unknown, cut, positionals]: [
    Option[],
    { option: Option; value: string }[],
    string[],
    Option[],
    string[],
  ] = [[], [], [], [], []];
  const rest = [...words];
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    if (word === '--') positionals.push(...rest.splice(0));
    else if (!/^-./.test(word)) positionals.push(word);
    else {
      const [flag = '', ...inline] = word.startsWith('--') ? word.split('=') : [word];
      const option = optionsOf(command).find(({ long, short }) => long === flag || short === flag);
      if (option === undefined) unknown.push(flag);
      else {
        given.push(option);
        if (!option.required) continue;
        const value = inline.length > 0 ? inline.join('=') : rest.shift();
        if (value === undefined) cut.push(option);
        else values.push({ option, value });
      }
    }
  }
  return { given, values, unknown, cut, positionals };
}

const optionsOf = (command: Command): readonly Option[] => [
  ...command.options,
  ...(command.parent === null ? [] : optionsOf(command.parent)),
];

function unknownOptions(command: Command, { unknown }: Line): readonly string[] {
  const known = optionsOf(command).flatMap(({ long, hidden }) => (long == null || hidden ? [] : [long]));
  return unknown.map((flag) => `error: unknown option ${quoted(flag)}${hint(flag, known)}`);
}

/** The complaint of an option's own parser. */
function refusalOf({ parseArg, defaultValue }: Option | Argument, value: string, what: string): string[] {
  try {
    parseArg?.(value, defaultValue as never);
    return [];
  } catch (error) {
    if (error instanceof InvalidArgumentError) return [`${what} ${error.message}`];
    throw error;
  }
}

/** Missing options, and options that conflict. */
function missed(command: Command, { given, cut, unknown, positionals }: Line): readonly string[] {
  const names = given.map((option) => option.attributeName());
  const chosen = choices.get(command) ?? [];
  const isChosen = chosen.length === 0 || given.some(({ flags }) => chosen.includes(flags));
  const required = command.registeredArguments.filter((argument) => argument.required);
  // The word after an unknown option may be its value, or an argument.
  const lacking = unknown.length > 0 ? [] : required.slice(positionals.length);
  return [
    ...cut.map(({ flags }) => `error: option '${flags}' argument missing`),
    ...lacking.map((argument) => `error: missing required argument '${argument.name()}'`),
    ...command.options
      .filter(({ mandatory }) => mandatory)
      .filter((option) => !given.includes(option))
      .map(({ flags }) => `error: required option '${flags}' not specified`),
    ...(isChosen ? [] : [expectedChoice(chosen)]),
    ...given.flatMap((option) => conflictsOf(option, given, names)),
  ];
}

type Conflicting = { readonly conflictsWith?: readonly string[] };

function conflictsOf(
  option: Option & Conflicting,
  given: readonly Option[],
  names: readonly string[],
): string[] {
  const others = (option.conflictsWith ?? []).filter((name) => names.includes(name));
  return others.map((name) => {
    const other = given.find((each) => each.attributeName() === name);
    return `error: option '${option.flags}' cannot be used with option '${other?.flags}'`;
  });
}
