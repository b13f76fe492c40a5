import type { InputIssue } from '../words/issue.ts';
import { type PlacedIssue, placedIssues, zodWords } from '../words/zod-issues.ts';
import { ConfigFile } from './config-file.ts';

type ReadSettings = {
  /** Null where there is an issue. */
  readonly settings: ConfigFile | null;
  readonly issues: readonly InputIssue[];
  /** The settings without the parts that have an issue, so that the rest can be checked too; null if nothing remains. */
  readonly rest: ConfigFile | null;
};

/** A configuration, checked against its schema. */
export function readSettings(value: unknown): ReadSettings {
  const parsed = ConfigFile.safeParse(value, { error: zodWords });
  if (parsed.success) return { settings: parsed.data, issues: [], rest: null };
  const issues = placedIssues(parsed.error);
  const { rest, further } = withoutMistakes(value, issues);
  return { settings: null, issues: [...issues, ...further], rest };
}

/** Rounds of checks; each removes the part around a mistake that is still there. */
const ROUNDS = 12;

/**
 * Removes the wrong parts and checks the rest again: rules between two parts apply only if both
 * have the right form.
 */
function withoutMistakes(value: unknown, first: readonly PlacedIssue[]) {
  const rest: unknown = structuredClone(value);
  const further: PlacedIssue[] = [];
  const seen = new Map<string, number>();
  let issues = first;
  for (let round = 0; round < ROUNDS; round += 1) {
    const paths = issues.flatMap((issue) => pathsOf(issue, timesSeen(seen, issue)));
    // The last item of a list first, so that the places of the others hold.
    const distinct = new Map(paths.map((path) => [JSON.stringify(path), path]));
    for (const path of [...distinct.values()].sort(byPlaceDescending)) takeOut(rest, path);
    const parsed = ConfigFile.safeParse(rest, { error: zodWords });
    if (parsed.success) return { rest: parsed.data, further };
    issues = placedIssues(parsed.error);
    further.push(...issues.filter((issue) => issue.isRefined && isOwn(issue, [...first, ...further])));
  }
  return { rest: null, further };
}

type Path = readonly PropertyKey[];

function timesSeen(seen: Map<string, number>, { path, unknown }: PlacedIssue): number {
  if (unknown.length > 0) return 0;
  const times = seen.get(path) ?? 0;
  seen.set(path, times + 1);
  return times;
}

const pathsOf = ({ at, unknown }: PlacedIssue, times: number): readonly Path[] =>
  unknown.length > 0 ? unknown.map((name) => [...at, name]) : [at.slice(0, Math.max(1, at.length - times))];

/** Whether the mistake is no consequence of the removed parts: it is neither in one nor in the catalogue of scopes. */
const isOwn = ({ at }: PlacedIssue, known: readonly PlacedIssue[]): boolean =>
  known.every(({ at: taken }) => {
    const isCatalogue = taken[0] === 'scopes' && taken[1] !== 'canonical' && taken[1] !== 'denial';
    const isHeldAgainst = at[0] === 'permissions' || at[0] === 'scopes';
    if (isCatalogue && isHeldAgainst) return false;
    return !taken.every((name, depth) => at[depth] === name);
  });

function byPlaceDescending(a: Path, b: Path): number {
  for (const [depth, name] of a.entries()) {
    const other = b[depth];
    if (typeof name === 'number' && typeof other === 'number' && name !== other) return other - name;
  }
  return b.length - a.length;
}

/** Replaces, by its path, a part that the check of the parts around it needs. */
const standIns: readonly (readonly [path: RegExp, standIn: (index: string) => unknown])[] = [
  [/^scopes\.(?:catalogue|canonical)\.\d+$/, () => 'key:read'],
  [/^scopes\.canonical$/, () => []],
  [/^downstreams\.(\d+)\.prefix$/, (index) => `downstream${index}`],
  [/^downstreams\.(\d+)\.scopes$/, () => ({})],
  [/^downstreams\.(\d+)\.url$/, () => 'https://stand-in.invalid'],
];

function takeOut(root: unknown, path: Path): void {
  const parent = parentOf(root, path);
  const last = path.at(-1);
  if (last === undefined || parent === null) return;
  const text = path.map(String).join('.');
  const [pattern, standIn] = standIns.find(([each]) => each.test(text)) ?? [];
  if (standIn !== undefined) Reflect.set(parent, last, standIn(pattern?.exec(text)?.[1] ?? ''));
  else if (Array.isArray(parent)) parent.splice(Number(last), 1);
  else Reflect.deleteProperty(parent, last);
}

function parentOf(root: unknown, path: Path): object | null {
  let parent = root;
  for (const name of path.slice(0, -1)) parent = Object(parent)[name];
  return typeof parent === 'object' ? parent : null;
}
