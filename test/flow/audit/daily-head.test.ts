import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { createHeadSigner } from '../../../src/audit/chain/head-signer.ts';
import { logHead } from '../../../src/server/housekeeping.ts';
import { requestJson } from '../../support/http.ts';
import { startApp } from '../../support/start-app.ts';

test('the log has the head of the chain, signed where there is a key, and never the key', async () => {
  const AUDIT_KEY = randomBytes(32).toString('hex');
  for (const env of [{}, { AUDIT_KEY }]) {
    const app = await startApp({ seed: false, env });
    const { defaultKey } = await app.provision('Acme');
    await requestJson(`${app.url}/v1/whoami`, {
      key: defaultKey,
      headers: { 'user-agent': `x ${AUDIT_KEY}` },
    });
    await logHead(app.services);
    const { seq, hash, signature = null, ...line } = JSON.parse(app.log.at(-1) ?? '');
    expect(await app.services.store.audit.head()).toMatchObject({ seq, hash });
    expect(line).not.toHaveProperty('chain');
    const verdict = createHeadSigner(env.AUDIT_KEY ?? null).judgeHead({ seq, hash }, signature);
    expect(verdict).toBe('AUDIT_KEY' in env ? 'valid' : 'none');
    const [row] = await app.audit(1);
    if ('AUDIT_KEY' in env) expect(row?.clientName).toBe('x [secret]');
  }
});

test('the head of a chain that verify does not accept is not signed, and the log says why', async () => {
  const app = await startApp({ seed: false, env: { AUDIT_KEY: randomBytes(32).toString('hex') } });
  await app.provision('Acme');
  const database = new Database(join(app.dataDir, 'tenantry.db'));
  database.prepare("UPDATE audit SET target = 'elsewhere' WHERE seq = 1").run();
  database.close();
  await logHead(app.services);
  const line = JSON.parse(app.log.at(-1) ?? '');
  const { seq, hash } = await app.services.store.audit.head();
  expect(line).toMatchObject({ level: 40, seq, hash });
  expect(line.signature).toBeUndefined();
  expect(line.unsigned).toMatch(/^row \d+: a row /);
});
