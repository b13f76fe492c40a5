import { describe, expect, test } from 'vitest';
import { brokenPromises, expectProgress, managerScopes } from '../support/client-checks.ts';
import { clientKinds } from '../support/real-clients.ts';
import { startApp } from '../support/start-app.ts';

async function startAcme(options = {}) {
  const app = await startApp(options);
  return { ...app, acme: await app.provision('Acme Research', 'acme') };
}

const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

describe.each(clientKinds)('$label over HTTP', ({ connect, era }) => {
  test('finds all that every client is promised', async () => {
    const app = await startAcme();
    const peer = await connect({ url: `${app.url}/mcp`, headers: bearer(app.acme.defaultKey) });
    expect(await brokenPromises(peer, app.acme)).toEqual({});
    const rows = (await app.audit(1000)).filter((row) => row.method === 'POST');
    expect(new Set(rows.map((row) => row.organizationId))).toEqual(new Set([app.acme.id]));
    expect(new Set(rows.map((row) => row.era))).toEqual(new Set([era]));
    // A client of 2026 asks what the server is; one of 2025 needs a handshake.
    expect(rows.at(-1)?.target).toBe(era === '2026' ? '/mcp server/discover' : '/mcp initialize');
    expect(rows.filter(({ errorCode }) => errorCode === 'INSUFFICIENT_SCOPE')).toMatchObject([
      { tool: 'mint_key', status: 403 },
    ]);
  });

  test.each([
    ['the key as X-API-Key', '/mcp', 'api-key'],
    ['the organisation in the URL and no second header', '/o/{id}/mcp', 'bearer'],
    ['the organisation in the URL and the key as X-API-Key', '/o/{id}/mcp', 'api-key'],
  ])('connects with %s', async (_, path, form) => {
    const app = await startAcme({ seed: false });
    const { id, defaultKey } = app.acme;
    const headers = form === 'bearer' ? bearer(defaultKey) : { 'x-api-key': defaultKey };
    const peer = await connect({
      url: app.url + path.replace('{id}', id),
      headers: headers as Record<string, string>,
    });
    const { structuredContent } = await peer.callTool('whoami');
    expect(structuredContent.organization.organization_id).toBe(id);
  });

  test('cannot connect under the URL of another organisation', async () => {
    const app = await startAcme({ seed: false });
    const url = `${app.url}/o/org_01ARZ3NDEKTSV4RRFFQ69G5FAV/mcp`;
    await expect(connect({ url, headers: bearer(app.acme.defaultKey) })).rejects.toThrow();
    expect((await app.audit())[0]).toMatchObject({ status: 403, errorCode: 'ORGANIZATION_MISMATCH' });
  });

  test('cannot connect with a bad key, and is told 401', async () => {
    const app = await startAcme({ seed: false });
    const last = app.acme.defaultKey.at(-1) === '0' ? '1' : '0';
    const badKey = app.acme.defaultKey.slice(0, -1) + last;
    const refused = await connect({ url: `${app.url}/mcp`, headers: bearer(badKey) }).catch((error) => error);
    expect(`${refused.name} ${refused.message} ${refused.code} ${refused.status}`).toMatch(
      /401|unauthorized/i,
    );
    // It does not fall back to the other era, where it would be refused again.
    const rows = (await app.audit()).filter((row) => row.method === 'POST');
    expect(rows).toMatchObject([{ status: 401, errorCode: 'INVALID_TOKEN', organizationId: null }]);
  });
});

test('every client hears how far a study is', async () => {
  const app = await startAcme();
  const key = await app.mint(app.acme, { additionalScopes: managerScopes });
  await Promise.all(
    clientKinds.map(async ({ connect }) =>
      expectProgress(await connect({ url: `${app.url}/mcp`, headers: bearer(key.plaintext) })),
    ),
  );
});
