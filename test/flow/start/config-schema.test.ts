import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { configJsonSchema } from '../../../src/cli/config-schema.ts';

test('the schema beside the configuration is made from the one that the program checks against', () => {
  const file = new URL('../../../mcp.config.schema.json', import.meta.url);
  expect(readFileSync(file, 'utf8')).toBe(`${configJsonSchema()}\n`);
});
