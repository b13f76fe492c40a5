// better-auth's api-key plugin on SQLite, verifying keys one after the other in this process; prints its figures.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { apiKey } from '@better-auth/api-key';
import { betterAuth } from 'better-auth';
import { getMigrations } from 'better-auth/db/migration';
import Database from 'better-sqlite3';

const [keyCount, seconds] = process.argv.slice(2).map(Number);
const folder = mkdtempSync(join(tmpdir(), 'bench-better-auth-'));
try {
  const database = new Database(join(folder, 'auth.db'));
  database.pragma('journal_mode = WAL');
  const auth = betterAuth({
    database,
    secret: 'a secret for the bench, of no use elsewhere',
    baseURL: 'http://127.0.0.1',
    emailAndPassword: { enabled: true },
    plugins: [apiKey({ rateLimit: { enabled: false } })],
  });
  const { runMigrations } = await getMigrations(auth.options);
  await runMigrations();
  const { user } = await auth.api.signUpEmail({
    body: { name: 'Bench', email: 'bench@example.com', password: 'a long password' },
  });
  const keys = [];
  for (let count = 0; count < keyCount; count += 1) {
    keys.push((await auth.api.createApiKey({ body: { userId: user.id } })).key);
  }
  const verify = async (place) => {
    const { valid } = await auth.api.verifyApiKey({ body: { key: keys[place % keys.length] } });
    if (!valid) throw new Error('a key that was just made is not valid');
  };
  for (let count = 0; count < 200; count += 1) await verify(count);
  let verified = 0;
  const start = performance.now();
  while (performance.now() - start < seconds * 1000) await verify(verified++);
  console.log(JSON.stringify({ perSecond: (verified * 1000) / (performance.now() - start) }));
} finally {
  rmSync(folder, { recursive: true, force: true });
}
