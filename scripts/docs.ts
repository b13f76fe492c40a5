import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cliPage } from './docs/cli-page.ts';
import { configurationPage } from './docs/configuration-page.ts';
import { errorsPage } from './docs/errors-page.ts';
import { withMade } from './docs/markdown.ts';
import { performanceTable } from './docs/performance-table.ts';
import { fullProofTable, shortProofTable } from './docs/proof-tables.ts';

const root = join(import.meta.dirname, '..');
const read = (file: string): string => readFileSync(join(root, file), 'utf8');

/** The pages, or parts of pages, that are made from the code; each file with the text that it should hold. */
export const generatedPages: Readonly<Record<string, () => string>> = {
  'docs/configuration.md': configurationPage,
  'docs/errors.md': errorsPage,
  'docs/cli.md': cliPage,
  'README.md': () => withMade(read('README.md'), 'proof/scorecard.json', shortProofTable()),
  'docs/proof.md': () => withMade(read('docs/proof.md'), 'proof/scorecard.json', fullProofTable()),
  'docs/performance.md': () =>
    withMade(read('docs/performance.md'), 'bench/results.json', performanceTable()),
};

// `npm run docs` writes them; the test that compares them only imports this file.
if (import.meta.main) {
  for (const [file, make] of Object.entries(generatedPages)) writeFileSync(join(root, file), make());
}
