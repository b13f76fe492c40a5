import { expect, test } from 'vitest';
import * as builtin from '../../../src/tool/builtin.ts';
import * as published from '../../../src/tool/public.ts';
import { files, read } from '../../support/code-shape.ts';

const valuesOf = (module: object): readonly string[] => Object.keys(module).sort();

test('`tenantry/tool` exports every value that its types declare, and no other', async () => {
  // @ts-expect-error: JavaScript, whose declaration the package names elsewhere.
  const door: object = await import('../../../src/tool.js');
  expect(valuesOf(door)).toEqual(valuesOf(published));
  for (const [name, value] of Object.entries(published))
    expect([name, Reflect.get(door, name)]).toEqual([name, value]);
});

test('`#tool` is what is published and what the tools of this repository need besides', () => {
  const own = valuesOf(builtin).filter((name) => !(name in published));
  expect(valuesOf(builtin)).toEqual(expect.arrayContaining([...valuesOf(published)]));
  const used = files('tools/*/*.ts').map(read).join('\n');
  expect(own.filter((name) => !new RegExp(`\\b${name}\\b`).test(used))).toEqual([]);
});
