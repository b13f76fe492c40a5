import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { join } from 'node:path';
import { operatorAccess } from '../../../src/cli/keys/operate-keys.ts';
import { newRequestId } from '../../../src/ids.ts';
import { manageKeys } from '../../../src/keys/manage-keys.ts';
import { temporaryDir } from '../../support/fresh-start.ts';
import { bareEnvironment, mainFile } from '../../support/program.ts';
import { startApp, type Tenant, type TestApp } from '../../support/start-app.ts';

const AGE_MS = 100 * 86_400_000;
const AT_ONCE = 1000;

/** A store with a long past: so many rows of calls, and organisations whose default key was revoked. */
export async function makeOldStore(rows: number, withoutDefaultKey: number) {
  const dataDir = temporaryDir();
  // The rows of its own start are as old as all others, since the oldest are pruned in order.
  const app = await startApp({
    dataDir,
    seed: false,
    now: () => Date.now() - AGE_MS,
    // The calls beside long commands mint more keys than an organisation may have.
    config: { keys: { defaultTtlDays: 3650, maxPerOrganization: 1_000_000 } },
  });
  const acme = await app.provision('Acme Research');
  const manager = await app.mint(acme, { additionalScopes: ['key:read', 'key:write'] });
  for (let index = 0; index < withoutDefaultKey; index += 1) {
    await revokeDefault(app, await app.provision(`Organisation ${index}`));
  }
  for (let written = 0; written < rows; written += AT_ONCE) await appendCalls(app, acme, manager.id);
  await app.close();
  return {
    dataDir,
    acme,
    subject: { dataDir, defaultKey: acme.defaultKey, managerKey: manager.plaintext },
    env: { TENANTRY_CONFIG: join(dataDir, 'mcp.config.json') },
  };
}

async function revokeDefault({ services }: TestApp, { id }: Tenant): Promise<void> {
  const { store, now } = services;
  const filter = { nowMs: now(), staleAfterMs: AGE_MS };
  const [key] = await store.keys.list(id, filter, { limit: 1 });
  const access = operatorAccess('keys revoke', id, services);
  if (key !== undefined) await manageKeys(id, access, services.operator).revoke(key.id);
}

async function appendCalls(app: TestApp, { id }: Tenant, keyId: string): Promise<void> {
  const [newest] = await app.audit(1);
  if (newest === undefined) throw new Error('a store that was never written to');
  const { seq: _seq, hash: _hash, ...row } = newest;
  const call = {
    ...row,
    kind: 'call',
    organizationId: id,
    keyId,
    tool: 'whoami',
    change: null,
    at: app.now(),
  };
  const rows = Array.from({ length: AT_ONCE }, () => ({ ...call, requestId: newRequestId() }));
  await Promise.all(rows.map((each) => app.services.store.audit.append(each as typeof row)));
}

/** A command whose output may be longer than memory: it goes to a file. */
export function runCommand(args: readonly string[], env: Readonly<Record<string, string>>) {
  const output = join(temporaryDir(), 'output');
  const stdout = openSync(output, 'w', 0o600);
  const child = spawn(process.execPath, [mainFile, ...args], {
    env: { ...bareEnvironment(), ...env },
    stdio: ['ignore', stdout, 'pipe'],
  });
  let stderr = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const startedMs = performance.now();
  return {
    output,
    kill: () => child.kill('SIGKILL'),
    ended: once(child, 'close').then(([code]) => ({
      code: code as number | null, // Node's own types leave it open.
      stderr,
      tookMs: Math.round(performance.now() - startedMs),
    })),
  };
}
