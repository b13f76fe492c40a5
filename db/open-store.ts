import { randomBytes } from 'node:crypto';
import { join, resolve } from 'node:path';
import type Database from 'better-sqlite3';
import { sql } from 'drizzle-orm';
import { drizzle } from 'drizzle-orm/better-sqlite3';
import { AppError } from '../src/errors.ts';
import type { Store } from '../src/services.ts';
import type { ChainHash } from './audit-chain.ts';
import { createAuditTrail } from './audit-trail.ts';
import { closeConnections, type Durability, openConnections } from './connections.ts';
import { createKeyStore } from './key-store.ts';
import { createMemberStore } from './member-store.ts';
import { migrateStore } from './migrate.ts';
import { createOrganizationStore } from './organization-store.ts';
import { secrets } from './schema.ts';

type StoreOptions = {
  readonly durability: Durability;
  readonly chainHash: ChainHash;
  readonly now: () => number;
};

const CURSOR_SECRET_BYTES = 32;
const migrationsFolder = join(import.meta.dirname, 'migrations');

/** Opens the store in `file`, made and migrated where it needs to be. Throws, having closed it, when it cannot. */
export function openStore(file: string, { durability, chainHash, now }: StoreOptions): Store {
  let cursorSecret: Buffer = Buffer.alloc(0);
  const connections = openConnections(resolve(file), durability, (control) => {
    migrateStore(control, migrationsFolder);
    cursorSecret = settleCursorSecret(control, now());
  });
  const { flush, ...audit } = createAuditTrail(connections, chainHash);
  const { auth, control } = connections;
  const canary = drizzle(auth).select({ name: secrets.name }).from(secrets).limit(1).prepare();
  return {
    keys: createKeyStore(connections, chainHash),
    organizations: createOrganizationStore(connections, chainHash),
    members: createMemberStore(connections, chainHash),
    audit,
    cursorSecret,
    ping() {
      try {
        canary.get();
      } catch (cause) {
        throw new AppError('STORE_UNAVAILABLE', { cause });
      }
    },
    async close() {
      if (!control.open) return;
      flush();
      closeConnections(connections);
    },
  };
}

/** The first process to come makes the secret; the others are given it. */
function settleCursorSecret(control: Database.Database, nowMs: number): Buffer {
  return drizzle(control)
    .insert(secrets)
    .values({ name: 'cursor', value: randomBytes(CURSOR_SECRET_BYTES), createdAtMs: nowMs })
    .onConflictDoUpdate({ target: secrets.name, set: { value: sql`value` } })
    .returning({ value: secrets.value })
    .get().value;
}
