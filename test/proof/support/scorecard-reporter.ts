import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { availableParallelism, cpus } from 'node:os';
import type { Reporter, TestModule } from 'vitest/node';
import { depth } from './depth.ts';
import { type ScoreRow, scoreOf, scoreTable } from './scorecard.ts';

/** Prints the scorecard when the run ends, and writes it where `PROOF_SCORECARD` says. */
export const scorecardReporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const rows = modules
      .filter(({ project }) => project.name.startsWith('proof'))
      .flatMap(rowsOf)
      .sort((a, b) => a.id.localeCompare(b.id));
    if (rows.length > 0) console.log(`\n${scoreTable(rows)}\n`);
    const file = process.env.PROOF_SCORECARD;
    if (file !== undefined) writeFileSync(file, `${JSON.stringify({ ...conditions(), rows }, null, 2)}\n`);
  },
};

const conditions = () => ({
  at: new Date().toISOString(),
  commit: spawnSync('git', ['rev-parse', 'HEAD'], { encoding: 'utf8' }).stdout?.trim() || null,
  depth,
  node: process.version,
  cores: availableParallelism(),
  cpu: cpus()[0]?.model ?? 'unknown',
});

/** A test that failed before it could count still stands on the card. */
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
