import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { plantedBugs } from './bugs.ts';
import type { PlantedBug } from './planted-bug.ts';

const root = join(import.meta.dirname, '../../..');

export type PlantedResult = Omit<PlantedBug, 'find' | 'replace'> & {
  /** Tests that turned red; none means that a test is missing. */
  readonly red: readonly string[];
  readonly seconds: number;
};

type TestResult = {
  readonly fullName: string;
  readonly status: string;
  readonly failureMessages: readonly string[];
};

type TestReport = {
  readonly numTotalTests: number;
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly TestResult[];
  }[];
};

/** Breaks a copy of the tree in one way after another; answers which proofs noticed. @throws if a proof is red without */
export function runPlanted(
  only: readonly string[] | undefined,
  /** Gets the result of each as soon as it is known. */
  tell: (result: PlantedResult) => void,
): PlantedResult[] {
  const names = plantedBugs.map(({ name }) => name);
  const unknown = only?.filter((name) => !names.includes(name)) ?? [];
  if (unknown.length > 0)
    throw new Error(`no planted bug ${unknown.join(', ')}; there are ${names.join(', ')}`);
  const bugs = plantedBugs.filter(({ name }) => only === undefined || only.includes(name));
  const tree = copyTree();
  try {
    const unsteady = new Set<string>();
    for (const proof of new Set(bugs.map((bug) => bug.proof))) {
      // A proof that a busy machine turned red is asked again; one that is red twice shows nothing.
      if (redTests(tree, proof, undefined).length === 0) continue;
      unsteady.add(proof);
      const red = redTests(tree, proof, undefined);
      if (red.length > 0)
        throw new Error(`${proof} is red without any planted bug: ${red.map(whyRed).join('; ')}`);
    }
    return bugs.map((bug) => {
      const started = performance.now();
      const tries = unsteady.has(bug.proof) ? 2 : 1;
      const red = withBug(tree, bug, () =>
        redEachTime(tries, () => redNames(redTests(tree, bug.proof, bug.test))),
      );
      const seconds = Math.round((performance.now() - started) / 1000);
      const { find: _find, replace: _replace, ...told } = bug;
      const result = { ...told, red, seconds };
      tell(result);
      return result;
    });
  } finally {
    rmSync(tree, { recursive: true, force: true });
  }
}

/** Where a machine turned a proof red by itself, a bug has to do so more than once. */
function redEachTime(tries: number, run: () => readonly string[]): readonly string[] {
  const runs = Array.from({ length: tries }, run);
  return runs.every((red) => red.length > 0) ? (runs[0] ?? []) : [];
}

/** What git knows of, as it is now, beside the same dependencies. */
function copyTree(): string {
  const tree = mkdtempSync(join(tmpdir(), 'tenantry-planted-'));
  const listed = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z'], { cwd: root });
  for (const file of listed.toString().split('\0').filter(Boolean)) {
    cpSync(join(root, file), join(tree, file), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(tree, 'node_modules'));
  return tree;
}

function withBug<T>(tree: string, { name, file, find, replace }: PlantedBug, run: () => T): T {
  const path = join(tree, file);
  const whole = readFileSync(path, 'utf8');
  if (whole.split(find).length !== 2) throw new Error(`${name}: its text must stand once in ${file}`);
  writeFileSync(
    path,
    whole.replace(find, () => replace),
  );
  try {
    return run();
  } finally {
    writeFileSync(path, whole);
  }
}

/** The tests that fail. A file that does not even load proves nothing, so that is an error. */
function redTests(tree: string, proof: string, test: string | undefined): TestResult[] {
  const outputFile = join(tree, '.planted.json');
  rmSync(outputFile, { force: true });
  const vitest = join(dirname(execPathOfVitest()), 'vitest.mjs');
  const named = test === undefined ? [] : ['-t', test];
  const args = ['run', '--project', 'proof*', `test/proof/${proof}.test.ts`, ...named];
  const ran = spawnSync(
    process.execPath,
    [vitest, ...args, '--reporter=json', `--outputFile=${outputFile}`],
    {
      cwd: tree,
      env: { ...process.env, PROOF: 'planted' },
      encoding: 'utf8',
    },
  );
  const report = readReport(outputFile, ran.stderr);
  const results = report.testResults.flatMap(({ assertionResults }) => assertionResults);
  const ended = results.filter(({ status }) => status === 'passed' || status === 'failed');
  if (ended.length === 0) {
    const why = report.testResults.map(({ message }) => message).join('\n');
    throw new Error(`${proof}: no test ran, so nothing is shown: ${why}`);
  }
  return ended.filter(({ status }) => status === 'failed');
}

const redNames = (red: readonly TestResult[]): string[] => red.map(({ fullName }) => fullName);

const whyRed = ({ fullName, failureMessages }: TestResult): string =>
  `${fullName}: ${failureMessages.join(' ').slice(0, 500)}`;

const execPathOfVitest = (): string => join(root, 'node_modules/vitest/package.json');

function readReport(file: string, complaint: string): TestReport {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as TestReport;
  } catch (cause) {
    throw new Error(`the test run left no report: ${complaint}`, { cause });
  }
}
