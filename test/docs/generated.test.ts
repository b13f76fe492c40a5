import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { generatedPages } from '../../scripts/docs.ts';
import { root } from '../support/fresh-start.ts';

test.each(Object.entries(generatedPages))('%s says what the code says', (file, make) => {
  expect(readFileSync(join(root, file), 'utf8'), `${file} is stale: npm run docs`).toBe(make());
});
