import { expect, test } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { setStatus } from '../../support/organization-status.ts';
import { bearer, protocols, type RawHeader, rawHttp, rawSearch } from '../../support/raw-http.ts';
import { bytesOf, expectRefusal, organizationsIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const DAY_MS = 86_400_000;

test('one bearer token or one X-API-Key is accepted, the scheme in any case', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const accepted: RawHeader[] = [
    ['Authorization', `Bearer ${key}`],
    ['authorization', `bearer ${key}`],
    ['AUTHORIZATION', `BEARER ${key}`],
    ['aUthOrizAtion', `bEaReR ${key}`],
    ['X-API-Key', key],
    ['x-api-key', key],
    // Optional white space around a value belongs to HTTP, not to the value.
    ['Authorization', `  Bearer ${key}\t `],
  ];
  for (const header of accepted) {
    for (const protocol of protocols) {
      const { status } = await rawSearch(app.port, protocol, [header]);
      expect([header[0], protocol, status]).toEqual([header[0], protocol, 200]);
    }
  }
  expect(new Set(organizationsIn(app.sent))).toEqual(new Set([app.acme.id]));
});

test('anything but exactly one well-formed credential is refused, and nothing is sent', async () => {
  const app = await startTwoTenants({ seed: false });
  const [a, b] = [app.acme.defaultKey, app.bolt.defaultKey];
  const malformed: RawHeader[][] = [
    [bearer(a), bearer(a)],
    [bearer(a), bearer(b)],
    [bearer(b), ['authorization', `bearer ${a}`]],
    [bearer(a), ['Authorization', 'Basic dTpw']],
    [['Authorization', 'Basic dTpw'], bearer(a)],
    [bearer(a), ['Authorization', '']],
    [bearer(a), ['X-API-Key', a]],
    [['X-API-Key', b], bearer(a)],
    [
      ['X-API-Key', a],
      ['x-api-key', a],
    ],
    [
      ['X-API-Key', a],
      ['X-Api-Key', b],
    ],
    ...[
      `Bearer ${a},Bearer ${b}`,
      `Bearer ${a}, Bearer ${b}`,
      `Bearer ${a},${b}`,
      `Bearer ${a} ${b}`,
      'Bearer a b',
      `Bearer  ${a}`,
      `Bearer\t${a}`,
      `Bearer \t${a}`,
      `Bearer\u00a0${a}`,
      `Bearer ${a}\u00a0`,
      `Bearer \u00a0${a}`,
      `Bearer ${a}\u00e9`,
      `Bearer \u00ff\u00fe`,
      `Bearer "${a}"`,
      `Bearer=${a}`,
      'Bearer',
      'Bearer ',
      'bearer',
      '',
      `, Bearer ${a}`,
      `\u00a0Bearer ${a}`,
    ].map((value): RawHeader[] => [['Authorization', value]]),
    ...['', ' ', `${a} ${b}`, `${a},${b}`, `Bearer ${a}`, `"${a}"`, `\u00a0${a}`, `${a}\u0080`].map(
      (value): RawHeader[] => [['X-API-Key', value]],
    ),
  ];
  for (const headers of malformed) {
    for (const protocol of protocols) {
      const answer = await rawSearch(app.port, protocol, headers);
      expectRefusal(answer, 400, 'MALFORMED_CREDENTIALS', `${protocol} ${JSON.stringify(headers)}`);
      if (protocol === 'mcp') expect(answer.body).toMatchObject({ id: null, error: { code: 40001 } });
    }
  }
  expect(app.sent).toEqual([]);
});

test('a malformed credential is audited as nobody', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const answer = await rawSearch(app.port, 'mcp', [bearer(key), bearer(key)]);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({
    requestId: answer.headers.get('x-request-id'),
    organizationId: null,
    keyId: null,
    keyPrefix: null,
    tier: 'none',
    status: 400,
    errorCode: 'MALFORMED_CREDENTIALS',
  });
});

test('another scheme is no credential', async () => {
  const app = await startTwoTenants({ seed: false });
  const key = app.acme.defaultKey;
  const basic = Buffer.from(`${key}:`).toString('base64');
  const values = [`Basic ${basic}`, `Token ${key}`, `ApiKey ${key}`, `Digest username="${key}"`, key];
  for (const value of [...values, `Bearer${key}`, `BearerToken ${key}`, `X-Bearer ${key}`]) {
    for (const protocol of protocols) {
      const answer = await rawSearch(app.port, protocol, [['Authorization', value]]);
      expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', `${protocol} ${value}`);
      expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tenantry", error_description="/);
    }
  }
  expect(app.sent).toEqual([]);
});

test('without a credential every surface asks for one', async () => {
  const app = await startTwoTenants({ seed: false });
  const targets = ['/mcp', `/o/${app.acme.id}/mcp`];
  for (const target of targets) {
    const answer = await rawSearch(app.port, 'mcp', [], target);
    expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', target);
    expect(answer.body).toMatchObject({ jsonrpc: '2.0', id: null, error: { code: 40101 } });
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tenantry", error_description="/);
  }
  for (const target of ['/v1/agents/search', '/v1/keys', '/v1/audit', '/org/tokens']) {
    const answer = await rawHttp(app.port, { target });
    expectRefusal(answer, 401, 'AUTHENTICATION_REQUIRED', target);
    expect(answer.headers.get('www-authenticate')).toMatch(/^Bearer realm="tenantry", error_description="/);
  }
});

/** A credential of every kind that must be refused, and what the audit says of it. */
async function badCredentials(app: Awaited<ReturnType<typeof startTwoTenants>>) {
  const revoked = await app.mint(app.acme, { name: 'to be revoked' });
  const manager = await app.mint(app.acme, { scopes: ['key:write'] });
  const deleted = await rawHttp(app.port, {
    method: 'DELETE',
    target: `/v1/keys/${revoked.id}`,
    headers: [bearer(manager.plaintext)],
  });
  expect(deleted.status).toBe(200);
  const expired = await app.mint(app.acme, { expiresInDays: 1 });
  app.advance(DAY_MS);
  const key = app.acme.defaultKey;
  const flipped = key.endsWith('0') ? '1' : '0';
  return [
    { label: 'unknown', key: createKeyFormat('tnt').generate().plaintext, reason: 'unknown', prefix: null },
    { label: 'bad checksum', key: key.slice(0, -1) + flipped, reason: 'malformed', prefix: null },
    { label: 'case changed', key: key.toUpperCase(), reason: 'malformed', prefix: null },
    { label: 'cut short', key: key.slice(0, -1), reason: 'malformed', prefix: null },
    { label: 'with more behind', key: `${key}=`, reason: 'malformed', prefix: null },
    {
      label: 'other brand',
      key: createKeyFormat('orgk').generate().plaintext,
      reason: 'malformed',
      prefix: null,
    },
    {
      label: 'other environment',
      key: createKeyFormat('tnttest').generate().plaintext,
      reason: 'malformed',
      prefix: null,
    },
    { label: 'prefix alone', key: key.slice(0, 12), reason: 'malformed', prefix: null },
    { label: 'one letter', key: 'x', reason: 'malformed', prefix: null },
    { label: 'name of Object.prototype', key: '__proto__', reason: 'malformed', prefix: null },
    { label: 'revoked', key: revoked.plaintext, reason: 'revoked', prefix: revoked.prefix },
    { label: 'expired', key: expired.plaintext, reason: 'expired', prefix: expired.prefix },
  ];
}

test('every bad credential gets the same bytes; only the audit has the reason', async () => {
  const app = await startTwoTenants({ seed: false });
  const bad = await badCredentials(app);
  for (const protocol of protocols) {
    app.advance(60_000); // The audit of refusals starts a new minute.
    const answers = new Set<string>();
    for (const { label, key, reason, prefix } of bad) {
      const answer = await rawSearch(app.port, protocol, [bearer(key)]);
      expectRefusal(answer, 401, 'INVALID_TOKEN', `${protocol} ${label}`);
      answers.add(JSON.stringify(bytesOf(answer)));
      const [row] = await app.audit(1);
      expect([label, row?.requestId]).toEqual([label, answer.headers.get('x-request-id')]);
      expect(row).toMatchObject({ status: 401, errorCode: 'INVALID_TOKEN', keyPrefix: prefix });
      expect(row?.organizationId).toBe(prefix === null ? null : app.acme.id);
      expect(JSON.parse(row?.change ?? '{}')).toEqual({ reason });
    }
    expect([...answers]).toHaveLength(1);
  }
  expect(app.sent).toEqual([]);
});

test('a bad X-API-Key is answered like a bad bearer token', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext } = createKeyFormat('tnt').generate();
  const asBearer = await rawSearch(app.port, 'mcp', [bearer(plaintext)]);
  const asKey = await rawSearch(app.port, 'mcp', [['X-API-Key', plaintext]]);
  expect(asBearer.headers.get('www-authenticate')).toMatch(
    /^Bearer realm="tenantry", error="invalid_token", /,
  );
  expect(bytesOf(asKey)).toEqual(bytesOf(asBearer));
});

test('a key works until the millisecond in which it expires, and not from then on', async () => {
  const app = await startTwoTenants({ seed: false });
  const { plaintext, expiresAtMs } = await app.mint(app.acme, { expiresInDays: 1 });
  const leftMs = (expiresAtMs ?? 0) - app.now();
  app.advance(leftMs - 5_000);
  expect((await rawSearch(app.port, 'mcp', [bearer(plaintext)])).status).toBe(200);
  app.advance(5_000);
  expectRefusal(await rawSearch(app.port, 'mcp', [bearer(plaintext)]), 401, 'INVALID_TOKEN');
});

test('the keys of a deleted organisation are as dead as any other', async () => {
  const app = await startTwoTenants({ seed: false });
  const before = await rawSearch(app.port, 'mcp', [bearer(createKeyFormat('tnt').generate().plaintext)]);
  await setStatus(app, app.acme, 'deleted');
  const after = await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)]);
  expectRefusal(after, 401, 'INVALID_TOKEN');
  expect(bytesOf(after)).toEqual(bytesOf(before));
  expect((await rawSearch(app.port, 'mcp', [bearer(app.bolt.defaultKey)])).status).toBe(200);
});
