import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { plantedBugs } from './planted/bugs.ts';
import { type PlantedResult, runPlanted } from './planted/run-planted.ts';

/**
 * `npm run proof`: every proof at its full depth, the scorecard as a table and in `proof/scorecard.json`.
 * `--only a,b` measures the named files of this folder anew and leaves the other rows; `--ci` runs in small, with the
 * tests of whole programs and of the published package, and writes nothing. `--planted [--only name,…]` shows instead that deliberate breakages are caught, and
 * keeps the result of each in `proof/planted.json`.
 */
const root = join(import.meta.dirname, '../..');
const folder = join(root, 'proof');
const scorecard = join(folder, 'scorecard.json');
const planted = join(folder, 'planted.json');

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    ci: { type: 'boolean', default: false },
    planted: { type: 'boolean', default: false },
  },
});
const only = values.only?.split(',');
mkdirSync(folder, { recursive: true });
process.exitCode = values.planted ? showPlanted() : showScorecard();

function showScorecard(): number {
  if (only === undefined && !values.ci) rmSync(scorecard, { force: true });
  const files = (only ?? []).map((name) => `test/proof/${name}`);
  const vitest = join(root, 'node_modules/vitest/vitest.mjs');
  const depth = values.ci ? {} : { PROOF: 'full', PROOF_SCORECARD: scorecard };
  const projects = [
    '--project',
    'proof*',
    ...(values.ci && only === undefined ? ['--project', 'programs', '--project', 'package'] : []),
  ];
  const { status } = spawnSync(process.execPath, [vitest, 'run', ...projects, ...files], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, ...depth },
  });
  return status ?? 1;
}

function showPlanted(): number {
  const results = runPlanted(only, (result) => {
    const { name, proof, seconds, red } = result;
    console.log(
      `${red.length > 0 ? 'caught' : 'MISSED'}  ${name}  (${proof}, ${seconds} s)  ${red[0] ?? ''}`,
    );
    keep(result);
  });
  const missed = results.filter(({ red }) => red.length === 0);
  console.log(`\n${results.length - missed.length} of ${results.length} planted bugs were caught`);
  return missed.length === 0 && results.length > 0 ? 0 : 1;
}

/** At once: all of them take hours. The result of another bug stays until it is tried again, or is planted no more. */
function keep(result: PlantedResult): void {
  const isPlanted = (name: string) => plantedBugs.some((bug) => bug.name === name);
  const others = keptBugs().filter(({ name }) => name !== result.name && isPlanted(name));
  const measured = { ...result, at: new Date().toISOString() };
  const bugs = [...others, measured].sort((a, b) => a.name.localeCompare(b.name));
  writeFileSync(planted, `${JSON.stringify({ bugs }, null, 2)}\n`);
}

function keptBugs(): { readonly name: string }[] {
  return existsSync(planted) ? JSON.parse(readFileSync(planted, 'utf8')).bugs : [];
}
