import { createHash } from 'node:crypto';
import { test } from 'vitest';
import { cutText, keptChange } from '../../src/audit/cut.ts';
import { createRefusalLimit } from '../../src/audit/refusal-limit.ts';
import type { KeyId, OrganizationId } from '../../src/ids.ts';
import { newSeed, oneOf, type Random, seededRandom, wholeBetween } from './durability/random.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const pieces = ['x', 'é', 'e\u0301', '\u{1f4a9}', '\u{1f468}‍\u{1f469}', '"', '\\', '\n', '\u0000'];
const halves = [...pieces, '\ud83d'];

const textOf = (random: Random, longest: number): string => {
  const from = random() < 0.5 ? pieces : halves;
  return Array.from({ length: wholeBetween(random, 0, longest) }, () => oneOf(random, from)).join('');
};

const isSound = (text: string, whole: string): boolean =>
  whole.startsWith(text) && (text.isWellFormed() || !whole.isWellFormed());

test('the audit keeps a short and sound text of everything that a caller sends', async (context) => {
  const count = trials({ planted: 200, ci: 2000, full: 100_000 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const failures: string[] = [];
  for (let trial = 0; trial < count; trial += 1) {
    const text = textOf(random, 500);
    const cut = cutText(text, 200);
    if ([...cut].length > 200 || !isSound(cut, text)) failures.push(`cut badly: ${JSON.stringify(text)}`);
    const change = { id: 'key_A', text: textOf(random, 3000), more: { list: [textOf(random, 300)] } };
    const whole = JSON.stringify(change);
    const kept = keptChange(change);
    const { cut: beginning = null, sha256 = null } = JSON.parse(kept);
    const isWhole = Buffer.byteLength(whole) <= 2048 && kept === whole;
    const isCut =
      sha256 === createHash('sha256').update(whole).digest('hex') && whole.startsWith(beginning ?? '-');
    if (Buffer.byteLength(kept) > 2048 || !(isWhole || isCut)) failures.push(`kept: ${kept.slice(0, 200)}`);
  }
  prove(context, {
    id: 'audit.bounded',
    property:
      'no text or change of a caller is kept longer than 200 characters or 2 KB, or cut through a character',
    trials: count,
    unit: 'texts and changes',
    failures,
    measured: { seed },
  });
});

const OWN = 600;

test('under any noise of others, the refusals of a known key are written, and every other one is counted', async (context) => {
  const count = trials({ planted: 3, ci: 30, full: 1000 });
  const seed = newSeed();
  const random = seededRandom(seed);
  const failures: string[] = [];
  for (let trial = 0; trial < count; trial += 1) {
    const limit = createRefusalLimit(() => 0);
    const keyOf = (name: string) => ({
      organizationId: oneOf(random, ['org_A', 'org_B']) as OrganizationId,
      keyId: name as KeyId,
      keyPrefix: name,
    });
    let written = 0;
    const noise = wholeBetween(random, 100, 3000);
    for (let made = 0; made < noise; made += 1) {
      const key = random() < 0.5 ? null : keyOf(`key_${wholeBetween(random, 0, 5)}`);
      const address = `192.0.2.${wholeBetween(random, 0, 90)}`;
      if (limit.admit({ key, address, code: oneOf(random, ['INVALID_TOKEN', 'OVERLOADED']) })) written += 1;
    }
    const stolen = {
      key: { ...keyOf('stolen'), organizationId: null },
      address: '192.0.2.1',
      code: 'INVALID_TOKEN',
    };
    const own = Array.from({ length: OWN + 10 }, () => limit.admit(stolen)).filter(Boolean).length;
    if (own !== OWN)
      failures.push(`${own} of ${OWN} refusals of the key were written after ${noise} of others`);
    const counted = limit.takeUnwritten().reduce((sum, each) => sum + each.count, 0);
    if (counted + written !== noise + 10)
      failures.push(`${noise} made ${written} rows and ${counted} counts`);
  }
  prove(context, {
    id: 'audit.refusals',
    property:
      'the refusals of a known key are written whatever others send, and what is not written is counted',
    trials: count,
    unit: 'floods',
    failures,
    measured: { seed },
  });
});
