import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { insertAgents, type NewAgent } from '../../db/platform/data/agents.ts';
import { openPlatformDatabase } from '../../db/platform/platform-database.ts';
import { openStore } from '../../db/sqlite/open-store.ts';
import { auditChain } from '../../src/audit/chain/row-hash.ts';
import { createClock } from '../../src/clock.ts';
import { newKeyId, newOrganizationId } from '../../src/ids.ts';
import { createKeyFormat } from '../../src/keys/key-format.ts';
import { defaultCanonicalScopes } from '../../src/scopes/scopes.ts';

/** What a folder was filled with; `keysFile` has one plaintext key a line, a sample where there are many. */
export type Seeded = { readonly organizationIds: readonly string[]; readonly keysFile: string };

const DAY_MS = 86_400_000;
const format = createKeyFormat('tnt');

/** Fills a new store with organisations and keys, spread evenly, as rows: a million mints would take an hour. */
export async function seedKeys(
  folder: string,
  { organizations, keys, sample = 10_000 }: { organizations: number; keys: number; sample?: number },
): Promise<Seeded> {
  const file = join(folder, 'tenantry.db');
  const nowMs = Date.now();
  const store = openStore(file, {
    durability: 'process',
    auditChain,
    clock: createClock(Date.now, () => performance.now()),
  });
  const canon = await store.organizations.ensureCanonicalSet([...defaultCanonicalScopes], nowMs);
  await store.close();
  const database = new Database(file);
  const organizationIds = Array.from({ length: organizations }, () => newOrganizationId(nowMs));
  const plaintexts: string[] = [];
  const insert = database.prepare(
    `INSERT INTO keys (id, organization_id, hash, name, prefix, scope_type, scopes, scope_source, canonical_version,
      is_default, owner, created_by, created_at, expires_at)
    VALUES (?, ?, ?, 'Seeded', ?, 'global', ?, 'canonical', ?, 0, 'bench', 'cli', ?, ?)`,
  );
  const scopes = JSON.stringify(defaultCanonicalScopes);
  const step = Math.max(1, Math.floor(keys / sample));
  database.transaction(() => {
    const organization = database.prepare(
      "INSERT INTO organizations (id, name, status, created_at) VALUES (?, ?, 'active', ?)",
    );
    for (const [index, id] of organizationIds.entries()) organization.run(id, `Organisation ${index}`, nowMs);
    for (let count = 0; count < keys; count += 1) {
      const { plaintext, prefix, hash } = format.generate();
      const owner = organizationIds[count % organizations];
      insert.run(newKeyId(nowMs), owner, hash, prefix, scopes, canon.version, nowMs, nowMs + 90 * DAY_MS);
      if (count % step === 0) plaintexts.push(plaintext);
    }
    database.prepare("INSERT OR IGNORE INTO latches (name) VALUES ('bootstrap')").run();
  })();
  database.close();
  const keysFile = join(folder, 'keys.txt');
  writeFileSync(keysFile, plaintexts.join('\n'));
  return { organizationIds, keysFile };
}

const parts = [
  'ba',
  'lo',
  'mi',
  'ter',
  'nu',
  'ka',
  'ves',
  'or',
  'sin',
  'del',
  'pru',
  'gan',
  'hol',
  'ri',
  'ten',
  'ju',
];

/** Words that look like some, as many as a panel's biographies have. */
const vocabulary = Array.from({ length: 4096 }, (_, index) =>
  [index >> 8, (index >> 4) % 16, index % 16].map((part) => parts[part]).join(''),
);
const occupations = [
  'Nurse',
  'Teacher',
  'Baker',
  'Engineer',
  'Bus driver',
  'Student',
  'Farmer',
  'Cashier',
  ...vocabulary.slice(0, 92),
];
const countries = [
  'DE',
  'BR',
  'JP',
  'GB',
  'CA',
  'FR',
  'IN',
  'GH',
  'US',
  'MX',
  'IT',
  'ES',
  'PL',
  'NG',
  'KE',
  'SE',
];

/** The same numbers on every run (https://en.wikipedia.org/wiki/Linear_congruential_generator). */
function createRandom(): () => number {
  let state = 42;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

/** Fills the embedded platform with agents of one organisation; no two biographies are alike. */
export function seedAgents(folder: string, organizationId: string, count: number): void {
  const database = openPlatformDatabase(join(folder, 'platform.db'));
  const random = createRandom();
  const pick = (list: readonly string[]): string => list[Math.floor(random() * list.length)] ?? '';
  /** A few words are in every other text and most are rare, as in any language. */
  const word = (): string => vocabulary[Math.floor(vocabulary.length ** random()) - 1] ?? '';
  const agent = (index: number): NewAgent => ({
    agentId: `agt_${organizationId.slice(4, 14)}${String(index).padStart(12, '0')}`,
    name: `Person ${index}`,
    age: 18 + Math.floor(random() * 70),
    gender: pick(['female', 'male', 'non_binary']),
    country: pick(countries),
    city: pick(vocabulary.slice(200, 400)),
    occupation: pick(occupations),
    biography: Array.from({ length: 25 }, word).join(' '),
    tags: [word(), word()],
  });
  const BATCH = 20_000;
  for (let start = 0; start < count; start += BATCH) {
    database.sqlite.transaction(() => {
      const size = Math.min(BATCH, count - start);
      insertAgents(
        database,
        organizationId,
        Array.from({ length: size }, (_, index) => agent(start + index)),
      );
    })();
  }
  database.sqlite.close();
}
