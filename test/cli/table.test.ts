import { expect, test } from 'vitest';
import { shortened } from '../../src/cli/table.ts';
import { createCommands, createOrganization, linesOf } from './commands.ts';

const family = '👩‍👩‍👧‍👦';
const combined = 'Zoe\u0308';

/** With what a terminal shows each of them in: two columns for a character of Han or Hangul, and for an emoji. */
const names: Readonly<Record<string, number>> = {
  Acme: 4,
  東京大学研究室: 14,
  한국: 4,
  'ｱｲ ａ': 5,
  [`${family} crew`]: 7,
  '🇯🇵 Tokyo 👍🏽': 11,
  '❤️': 2,
  [combined]: 3,
  שָׁלוֹם: 4,
};
const WIDEST = 14;

test('columns are aligned whatever script a name is written in', async () => {
  const commands = createCommands();
  for (const name of Object.keys(names)) await createOrganization(commands, name);
  const { code, stdout } = await commands.run(['orgs', 'list']);
  expect(code).toBe(0);
  const lines = linesOf(stdout);
  for (const [name, columns] of Object.entries(names))
    expect(lines).toContainEqual(
      expect.stringContaining(`  ${name}${' '.repeat(WIDEST - columns)}  active  -`),
    );
  expect(lines[0]).toContain(`  NAME${' '.repeat(WIDEST - 4)}  STATUS`);
});

test('a name that is cut keeps within its column, and no character of it is cut in two', () => {
  expect(shortened('Acme Research', 13)).toBe('Acme Research');
  expect(shortened('Acme Research', 12)).toBe('Acme Resear…');
  expect(shortened('東京大学', 8)).toBe('東京大学');
  expect(shortened('東京大学', 7)).toBe('東京大…');
  expect(shortened('東京大学', 6)).toBe('東京…');
  expect(shortened(`${combined}${combined}`, 5)).toBe(`${combined}…`);
  expect(shortened(`${combined}${combined}`, 4)).toBe('Zo…');
  expect(shortened(`ab${family}${family}`, 12)).toBe(`ab${family}…`);
  expect(shortened(`ab${family}`, 6)).toBe('ab…');
});

test('marks without a width are no way to make a line long', () => {
  expect([...shortened(`a${'\u0301'.repeat(1000)}`, 20)].length).toBeLessThanOrEqual(20);
  expect([...shortened('a\u200d'.repeat(1000), 20)].length).toBeLessThanOrEqual(20);
});
