import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { plantedBugs } from './proof/planted/bugs.ts';

test('each planted bug names one place of the source as it is', () => {
  const places = plantedBugs.map(({ name, file, find }) => {
    const source = readFileSync(join(import.meta.dirname, '..', file), 'utf8');
    return [name, source.split(find).length - 1];
  });
  expect(places.filter(([, count]) => count !== 1)).toEqual([]);
});
