import { expect, test } from 'vitest';
import { tools } from '../tools/index.ts';

test('what the model sees changes on purpose only', async () => {
  const surface = tools.map(
    ({
      name,
      title,
      description,
      scope,
      effect,
      rest,
      onMcp,
      resource,
      inputJsonSchema,
      outputJsonSchema,
    }) => ({
      name,
      title,
      description,
      scope,
      effect,
      rest,
      onMcp,
      resource,
      input: inputJsonSchema,
      output: outputJsonSchema,
    }),
  );
  await expect(`${JSON.stringify(surface, null, 2)}\n`).toMatchFileSnapshot('surface.json');
});

test('no public schema has a place for the organisation', () => {
  const named = tools.filter(({ inputJsonSchema }) =>
    /organi[sz]ation_?id/i.test(JSON.stringify(inputJsonSchema)),
  );
  expect(named.map(({ name }) => name)).toEqual([]);
});
