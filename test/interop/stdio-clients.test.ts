import { describe, expect, test } from 'vitest';
import { clientChecks, expectProgress, studyScopes } from '../support/client-checks.ts';
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

describe.each(clientKinds)('$label over stdio', ({ connect, era }) => {
  // A process is dear: one for all that is to be found.
  test('finds all that a client over HTTP finds', async () => {
    const app = await startAcme();
    const peer = await connect(app.wire(app.acme.defaultKey));
    for (const check of Object.values(clientChecks)) await check(peer, app.acme);
    await expect(peer.callTool('mint_key', {})).rejects.toMatchObject({
      code: 40303,
      data: { code: 'INSUFFICIENT_SCOPE', required: ['key:write'] },
    });
    const [newest, ...others] = (await app.audit()).filter((row) => row.method === 'stdio');
    expect(newest).toMatchObject({ organizationId: app.acme.id, tool: 'mint_key', errorCode: 'INSUFFICIENT_SCOPE', era });
    expect(others.every((row) => row.organizationId === app.acme.id)).toBe(true);
  });
});

describe.each(generations)('$label over stdio', ({ connect }) => {
  test('hears how far a study is', async () => {
    const app = await startAcme();
    const key = await app.mint(app.acme, { additionalScopes: studyScopes });
    await expectProgress(await connect(app.wire(key.plaintext)));
  });

  test('cannot connect with a key of another organisation than the one named', async () => {
    const app = await startAcme();
    const wire = app.wire(app.acme.defaultKey, { TENANTRY_ORGANIZATION_ID: 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV' });
    await expect(connect(wire)).rejects.toThrow(/cannot act for the organisation/);
    expect((await app.audit())[0]).toMatchObject({ method: 'stdio', errorCode: 'ORGANIZATION_MISMATCH' });
  });
});
