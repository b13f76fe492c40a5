import { expect, test } from 'vitest';
import { brokenPromises, expectProgress, managerScopes } from '../support/client-checks.ts';
import { clientKinds, generations, stdioWire } from '../support/real-clients.ts';
import { startApp } from '../support/start-app.ts';

/** The wire as a client's settings describe it: a command, and the key in its environment. */
async function startAcme() {
  const app = await startApp();
  const acme = await app.provision('Acme Research', 'acme');
  const wire = (key: string, more = {}) =>
    stdioWire([], { TENANTRY_API_KEY: key, TENANTRY_CONFIG: `${app.dataDir}/mcp.config.json`, ...more });
  return { ...app, acme, wire };
}

// Processes are dear: one a client, and all clients at a time.
test('over stdio every client finds all that it finds over HTTP', async () => {
  const app = await startAcme();
  const sessions = clientKinds.map(async ({ label, connect }) => {
    const peer = await connect(app.wire(app.acme.defaultKey));
    const broken = await brokenPromises(peer, app.acme);
    await expect(peer.callTool('mint_key', {})).rejects.toMatchObject({
      code: 40303,
      data: { code: 'INSUFFICIENT_SCOPE', required: ['key:write'] },
    });
    return [label, broken];
  });
  expect(await Promise.all(sessions)).toEqual(clientKinds.map(({ label }) => [label, {}]));
  const rows = (await app.audit(1000)).filter((row) => row.method === 'stdio');
  expect(new Set(rows.map((row) => row.organizationId))).toEqual(new Set([app.acme.id]));
  expect(new Set(rows.map((row) => row.era))).toEqual(new Set(['2025', '2026']));
  // Each met both refusals of that tool: with arguments, and without.
  expect(rows.filter((row) => row.tool === 'mint_key' && row.status === 403)).toHaveLength(8);
});

test('over stdio every client hears how far a study is', async () => {
  const app = await startAcme();
  const key = await app.mint(app.acme, { additionalScopes: managerScopes });
  await Promise.all(
    generations.map(async ({ connect }) => expectProgress(await connect(app.wire(key.plaintext)))),
  );
});

test('over stdio no client connects for another organisation than its key is of', async () => {
  const app = await startAcme();
  const wire = app.wire(app.acme.defaultKey, { TENANTRY_ORGANIZATION_ID: 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV' });
  await Promise.all(
    generations.map(({ connect }) =>
      // The MCP 2026-07-28 client, pinned to its revision, does not pass the reason on.
      expect(connect(wire)).rejects.toThrow(/cannot act for the organisation|server\/discover/),
    ),
  );
  const rows = (await app.audit()).filter((row) => row.method === 'stdio');
  expect(rows.length).toBeGreaterThanOrEqual(2);
  expect(new Set(rows.map((row) => row.errorCode))).toEqual(new Set(['ORGANIZATION_MISMATCH']));
});
