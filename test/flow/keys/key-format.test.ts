import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { redactKeys } from '../../../src/secrets/key-pattern.ts';

const base62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

test('keys of the published form are read, with the hash that any other program computes', () => {
  const format = createKeyFormat('orgk');
  const vectors = [
    [
      'orgk_AAAAAAAA_00000000000000000000000000000000000000000001NPCn9',
      'b23b2d1b89efe8e8decf5633c9743ea5ec7aa1f78885d3fdb8865620630fa232',
    ],
    [
      'orgk_Zz09Aa1b_0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefg24y3Um',
      '7b23cac90bf5ccfe43c09368e07529d68ff2c28c91edb26d20c8d25e33992254',
    ],
  ] as const;
  for (const [text, hash] of vectors) {
    expect(format.parse(text)?.hash.toString('hex')).toBe(hash);
    expect(format.parse(text)?.prefix).toBe(text.slice(0, 13));
  }
});

test('a key that was made is read again, and by its own brand and environment alone', () => {
  const [live, testing] = [createKeyFormat('tnt'), createKeyFormat('tnttest')];
  for (let count = 0; count < 200; count += 1) {
    const { plaintext, prefix, hash } = live.generate();
    expect(plaintext).toMatch(/^tnt_[0-9A-Za-z]{8}_[0-9A-Za-z]{49}$/);
    expect(live.parse(plaintext)).toEqual({ prefix, hash });
    expect(testing.parse(plaintext)).toBeUndefined();
  }
  expect(live.parse(testing.generate().plaintext)).toBeUndefined();
});

test('a typing error is found before any store is asked', () => {
  const format = createKeyFormat('tnt');
  fc.assert(
    fc.property(fc.nat(59), fc.constantFrom(...base62), (index, char) => {
      const { plaintext } = format.generate();
      const at = 4 + (index % (plaintext.length - 4));
      if (plaintext[at] === '_' || plaintext[at] === char) return;
      expect(format.parse(plaintext.slice(0, at) + char + plaintext.slice(at + 1))).toBeUndefined();
    }),
    { numRuns: 2000 },
  );
});

test('nothing around a key is read with it', () => {
  const format = createKeyFormat('tnt');
  const { plaintext } = format.generate();
  for (const text of [
    ` ${plaintext}`,
    `${plaintext}\n`,
    `${plaintext} `,
    `x${plaintext}`,
    plaintext.toUpperCase(),
    '',
  ]) {
    expect(format.parse(text)).toBeUndefined();
  }
});

test('every character is as likely as any other', () => {
  const format = createKeyFormat('tnt');
  const seen = new Map<string, number>();
  for (let count = 0; count < 4000; count += 1) {
    for (const char of format.generate().plaintext.slice(13, 56)) seen.set(char, (seen.get(char) ?? 0) + 1);
  }
  const expected = (4000 * 43) / 62;
  expect(seen.size).toBe(62);
  for (const count of seen.values()) expect(Math.abs(count / expected - 1)).toBeLessThan(0.15);
});

test('a key is found and hidden in every position', () => {
  const { plaintext } = createKeyFormat('tnt').generate();
  for (const text of [
    plaintext,
    `Bearer%20${plaintext}`,
    `{"k":"${plaintext}"}`,
    `a=${plaintext}&b`,
    `x${plaintext}`,
  ]) {
    expect(redactKeys(text)).not.toContain(plaintext.slice(13));
  }
});

test('JSON in which keys were hidden is still JSON, with any text before them', () => {
  const { plaintext } = createKeyFormat('tnt').generate();
  for (const before of ['\n', '\t', '\b', '\f', '\r', '\u001f', '"', '\\', '\\n', 'é', '\ud800', 'x']) {
    const hidden = redactKeys(JSON.stringify({ words: before + plaintext, [before + plaintext]: 1 }));
    const shown = before === 'x' || before === '\\n' ? before.slice(0, -1) : before;
    expect(JSON.parse(hidden), before).toEqual({ words: `${shown}[key]`, [`${shown}[key]`]: 1 });
  }
});
