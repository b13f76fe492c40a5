/** A command of a block: its words, without the variables before it. */
export type ShellCommand = readonly string[];

/**
 * The commands of a block for a shell: lines joined where they go on, comments gone, `&&` and `|` apart. As much of a
 * shell as the pages use; redirections and variables are left out.
 */
export function shellCommands(text: string): readonly ShellCommand[] {
  return text
    .replaceAll('\\\n', ' ')
    .split('\n')
    .flatMap((line) => splitCommands(wordsOf(line)))
    .map((words) => words.slice(words.findIndex((word) => !/^[A-Z_]+=/.test(word))))
    .filter((words) => words.length > 0 && !words.every((word) => /^[A-Z_]+=/.test(word)));
}

/** Quoted words are one; a `#` after a blank begins a comment. */
function wordsOf(line: string): readonly string[] {
  const words: string[] = [];
  for (const [word] of line.matchAll(/(?:[^\s'"#]|'[^']*'|"[^"]*"|(?<=\S)#)+|#.*$/g)) {
    if (word.startsWith('#')) break;
    words.push(word.replaceAll(/'([^']*)'|"([^"]*)"/g, '$1$2'));
  }
  return words;
}

function splitCommands(words: readonly string[]): readonly string[][] {
  const commands: string[][] = [[]];
  for (const word of words) {
    if (word === '&&' || word === '|') commands.push([]);
    else if (word === '>') break;
    else commands.at(-1)?.push(word);
  }
  return commands;
}
