import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { parseSync } from 'vite';

const root = resolve(import.meta.dirname, '../..');
/** Paths from the root. */
export const files = (pattern: string): string[] =>
  globSync(pattern, { cwd: root }).filter((file) => !file.includes('node_modules'));
export const read = (file: string): string => readFileSync(join(root, file), 'utf8');
export const withoutComments = (code: string): string => code.replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*$/gm, '');

export type Import = { readonly from: string; readonly to: string; readonly typeOnly: boolean };

/** Every static or dynamic import, with relative ones resolved to a path in the repository. */
export function importsOf(file: string): Import[] {
  const pattern = /^(?:import|export)\s+(type\s+)?(?:([^'";]*?)\s+from\s+)?'([^']+)'|import\('([^']+)'\)/gm;
  return [...read(file).matchAll(pattern)].map(([, type, names = '', target, dynamic]) => {
    const specifier = target ?? dynamic ?? '';
    const everyNameIsType =
      /^\{[^}]*\}$/.test(names.trim()) && !/(?:^\{|,)\s*(?!type\s)\w/.test(names.trim());
    const to = specifier.startsWith('.')
      ? relative(root, resolve(root, dirname(file), specifier))
      : specifier;
    return { from: file, to, typeOnly: type !== undefined || everyNameIsType };
  });
}

/** Groups of files of which each leads back to itself through the others. */
export function circlesOf(imports: readonly Import[]): string[][] {
  const targets = Map.groupBy(imports, ({ from }) => from);
  const reachable = (start: string): Set<string> => {
    const reached = new Set<string>();
    const waiting = [start];
    for (let file = waiting.pop(); file !== undefined; file = waiting.pop()) {
      for (const { to } of targets.get(file) ?? []) {
        if (reached.has(to)) continue;
        reached.add(to);
        waiting.push(to);
      }
    }
    return reached;
  };
  const reach = new Map([...targets.keys()].map((file) => [file, reachable(file)]));
  const inCircle = [...reach.keys()].filter((file) => reach.get(file)?.has(file));
  const circleOf = (file: string) =>
    inCircle.filter((other) => reach.get(file)?.has(other) && reach.get(other)?.has(file));
  return [...new Map(inCircle.map((file) => [circleOf(file).join(' '), circleOf(file)])).values()];
}

type Node = {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly body?: Node | null;
  readonly params?: readonly unknown[];
};

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string';

const childrenOf = (node: Node): readonly Node[] => Object.values(node).flat().filter(isNode);
const isFunction = (node: Node): boolean => /Function/.test(node.type) && Boolean(node.body);

function parse(file: string) {
  const text = read(file);
  /** Where each line ends. */
  const ends = [...text.matchAll(/\n|$/g)].map(({ index }) => index);
  return {
    program: parseSync(file, text).program as unknown as Node, // It types no node that one could walk over.
    lineAt: (at: number) => 1 + ends.findIndex((end) => at <= end),
  };
}

/** Functions of more than `most` parameters, as `file:line: parameters`. */
export function parametersOver(most: number, file: string): string[] {
  const { program, lineAt } = parse(file);
  const walk = (node: Node): string[] => {
    const { length = 0 } = node.params ?? [];
    const own = isFunction(node) && length > most ? [`${file}:${lineAt(node.start)}: ${length}`] : [];
    return [...own, ...childrenOf(node).flatMap(walk)];
  };
  return walk(program);
}

/** Functions of more than `most` lines, without those of the functions inside, as `file:line: lines`. */
export function functionsOver(most: number, file: string): string[] {
  const { program, lineAt } = parse(file);
  const found: string[] = [];
  /** Lines of the functions inside, except their first and last. */
  const walk = (node: Node): number => {
    let inner = 0;
    for (const child of childrenOf(node)) inner += walk(child);
    if (!isFunction(node)) return inner;
    const [first, last] = [lineAt(node.start), lineAt(node.end)];
    const lines = last - first + 1;
    if (lines - inner > most) found.push(`${file}:${first}: ${lines - inner}`);
    return Math.max(0, lines - 2);
  };
  walk(program);
  return found;
}
