import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createCommands } from './commands.ts';

const AUDIT_KEY = createHash('sha256').update('of these tests').digest('hex');

test('the key is another one than those that others present, so that no token of theirs signs', async () => {
  const commands = createCommands();
  for (const name of ['ADMIN_TOKEN', 'METRICS_TOKEN']) {
    const same = await commands.run(['audit', 'verify'], { AUDIT_KEY, [name]: AUDIT_KEY });
    expect([same.code, same.stderr]).toEqual([
      78,
      expect.stringContaining('AUDIT_KEY: expected another value'),
    ]);
  }
});
