import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { Reporter, TestModule } from 'vitest/node';
import { type ScoreRow, scoreOf, scoreTable } from './scorecard.ts';

/** A row as it is kept: from which file of proofs it comes, and when and of what it was measured. */
type KeptRow = ScoreRow & { readonly file: string; readonly at: string; readonly commit: string | null };
type Scorecard = { readonly rows: readonly KeptRow[] };

let commitAtStart: string | null = null;

/** Prints the scorecard when the run ends. Where `PROOF_SCORECARD` names a file, the rows measured anew replace its own. */
export const scorecardReporter: Reporter = {
  onTestRunStart() {
    commitAtStart = commitOfTree();
  },
  onTestRunEnd(modules: readonly TestModule[]) {
    const proofs = modules.filter(({ project }) => project.name.startsWith('proof'));
    const at = new Date().toISOString();
    const commit = commitOfTree() === commitAtStart ? commitAtStart : null;
    const rows = proofs.flatMap((module) =>
      rowsOf(module).map((row) => ({ ...row, file: module.relativeModuleId, at, commit })),
    );
    if (rows.length > 0) console.log(`\n${scoreTable(byId(rows))}\n`);
    const file = process.env.PROOF_SCORECARD;
    if (file === undefined) return;
    const ran = new Set(proofs.map(({ relativeModuleId }) => relativeModuleId));
    const kept = readCard(file).rows.filter((row) => !ran.has(row.file));
    const machine = {
      node: process.version,
      cores: availableParallelism(),
      cpu: cpus()[0]?.model ?? 'unknown',
    };
    writeFileSync(file, `${JSON.stringify({ machine, rows: byId([...kept, ...rows]) }, null, 2)}\n`);
  },
};

const byId = <Row extends ScoreRow>(rows: readonly Row[]): Row[] =>
  [...rows].sort((a, b) => a.id.localeCompare(b.id));

const readCard = (file: string): Scorecard =>
  existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Scorecard) : { rows: [] };

/** The commit that was measured; null where the tree was never committed, or changed meanwhile, or there is no git. */
function commitOfTree(): string | null {
  const git = (...args: string[]) => spawnSync('git', args, { encoding: 'utf8' }).stdout?.trim() ?? '';
  const isCommitted = git('status', '--porcelain', 'src', 'db', 'tools', 'test', 'package-lock.json') === '';
  return (isCommitted && git('rev-parse', 'HEAD')) || null;
}

/** A test that failed before it could count still gets a row. */
function rowsOf(module: TestModule): ScoreRow[] {
  const broken = module.errors().map(() => lost(module.relativeModuleId));
  const rows = [...module.children.allTests()].flatMap((test) => {
    const scored = (test.meta().proof ?? []).map(scoreOf);
    const isLost = test.result().state === 'failed' && scored.every(({ verdict }) => verdict === 'met');
    return isLost ? [...scored, lost(test.fullName)] : scored;
  });
  return [...broken, ...rows];
}

const lost = (name: string): ScoreRow => ({
  id: name,
  property: name,
  verdict: 'missed',
  trials: 0,
  unit: '',
  failures: 1,
  bound95: null,
  measured: {},
  note: 'failed before it could be counted',
});
