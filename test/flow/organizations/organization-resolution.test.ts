import { expect, test } from 'vitest';
import { callTool } from '../../support/http.ts';
import { setStatus } from '../../support/organization-status.ts';
import { bearer, protocols, type RawHeader, rawHttp, rawSearch } from '../../support/raw-http.ts';
import { bytesOf, expectRefusal, organizationsIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const UNKNOWN_ID = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';

/** Spellings that are no organisation's id, given a right one. */
const malformedIds = (id: string): string[] => [
  '',
  ' ',
  '\t',
  ',',
  'x',
  'null',
  'undefined',
  '*',
  '%',
  'org_',
  'org_%',
  'org_*',
  'constructor',
  '__proto__',
  id.toLowerCase(),
  id.toUpperCase(),
  id.replace('org_', 'ORG_'),
  id.replace('org_', 'org%5F'),
  id.replace('org_', 'org-'),
  id.replace('org_', ''),
  id.replace('org_', 'org_8').slice(0, id.length),
  id.slice(0, -1),
  `${id}0`,
  `${id}.`,
  `${id},`,
  `${id};`,
  `"${id}"`,
  `${id}, ${id}`,
  `${id},${UNKNOWN_ID}`,
  `${id} ${UNKNOWN_ID}`,
  `${id}\u00a0`,
  `\u00a0${id}`,
  `${id}\u0085`,
  `${id}\u00ad`,
  id.replace('o', '\u00f6'),
  id.replace('0', '\u00b0'),
];

test('without a header the key speaks for its own organisation, with the right one too', async () => {
  const app = await startTwoTenants({ seed: false });
  const { id, defaultKey } = app.acme;
  const same: RawHeader[][] = [
    [],
    [['X-Organization-Id', id]],
    [['x-organization-id', id]],
    [['X-ORGANIZATION-ID', `\t ${id} `]],
  ];
  for (const headers of same) {
    for (const protocol of protocols) {
      const { status } = await rawSearch(app.port, protocol, [bearer(defaultKey), ...headers]);
      expect([protocol, headers, status]).toEqual([protocol, headers, 200]);
    }
  }
  expect(organizationsIn(app.sent)).toEqual(Array(same.length * protocols.length).fill(id));
});

test('another organisation is refused with the same bytes whether it exists or not', async () => {
  const app = await startTwoTenants({ seed: false });
  await setStatus(app, await app.provision('Closed'), 'suspended');
  const gone = await app.provision('Gone');
  await setStatus(app, gone, 'deleted');
  for (const protocol of protocols) {
    const answers = new Set<string>();
    for (const id of [app.bolt.id, gone.id, UNKNOWN_ID]) {
      const headers = [bearer(app.acme.defaultKey), ['X-Organization-Id', id]] as const;
      const answer = await rawSearch(app.port, protocol, headers);
      expectRefusal(answer, 403, 'ORGANIZATION_MISMATCH', `${protocol} ${id}`);
      expect(answer.text).not.toContain(id);
      answers.add(JSON.stringify(bytesOf(answer)));
    }
    expect([...answers]).toHaveLength(1);
  }
  expect(app.sent).toEqual([]);
});

test('a mismatch is recorded under the own organisation of the key, with the attempted one', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  await callTool(app.url, acme.defaultKey, 'whoami', {}, { 'x-organization-id': bolt.id });
  const [byHeader] = await app.audit(1);
  expect(byHeader).toMatchObject({
    organizationId: acme.id,
    keyPrefix: acme.defaultKey.slice(0, 12),
    status: 403,
    errorCode: 'ORGANIZATION_MISMATCH',
    target: `/mcp organization=${bolt.id}`,
  });
  await rawSearch(app.port, 'mcp', [bearer(acme.defaultKey)], `/o/${UNKNOWN_ID}/mcp`);
  const [byUrl] = await app.audit(1);
  expect(byUrl?.organizationId).toBe(acme.id);
  expect(byUrl?.target).toBe(`/o/${UNKNOWN_ID}/mcp organization=${UNKNOWN_ID}`);
  const rows = await app.services.store.audit.list(bolt.id, {}, { limit: 100 });
  expect(rows.filter(({ method }) => method !== 'cli')).toEqual([]);
});

test('a header that is duplicated, empty, blank or malformed is refused, with every value', async () => {
  const app = await startTwoTenants({ seed: false });
  const { id, defaultKey } = app.acme;
  const name = 'X-Organization-Id';
  const wrong: RawHeader[][] = [
    ...malformedIds(id).map((value): RawHeader[] => [[name, value]]),
    [
      [name, id],
      [name, id],
    ],
    [
      [name, id],
      ['x-organization-id', id],
    ],
    [
      [name, app.bolt.id],
      ['X-ORGANIZATION-ID', id],
    ],
    [
      [name, id],
      [name, ''],
    ],
  ];
  for (const headers of wrong) {
    for (const protocol of protocols) {
      const answer = await rawSearch(app.port, protocol, [bearer(defaultKey), ...headers]);
      expectRefusal(answer, 400, 'INVALID_ORGANIZATION_HEADER', `${protocol} ${JSON.stringify(headers)}`);
    }
  }
  expect(app.sent).toEqual([]);
  const [row] = await app.audit(1);
  expect(row).toMatchObject({ organizationId: id, errorCode: 'INVALID_ORGANIZATION_HEADER', status: 400 });
});

test('the URL names the organisation as the header does, and the two must agree', async () => {
  const app = await startTwoTenants({ seed: false });
  const [own, other] = [app.acme.id, app.bolt.id];
  const cases: [segment: string, header: string | null, status: number, code: string | null][] = [
    [own, null, 200, null],
    [own, own, 200, null],
    [other, null, 403, 'ORGANIZATION_MISMATCH'],
    [UNKNOWN_ID, null, 403, 'ORGANIZATION_MISMATCH'],
    [other, own, 403, 'ORGANIZATION_MISMATCH'],
    [own, other, 403, 'ORGANIZATION_MISMATCH'],
    [other, other, 403, 'ORGANIZATION_MISMATCH'],
    [own, 'x', 400, 'INVALID_ORGANIZATION_HEADER'],
    [own, '', 400, 'INVALID_ORGANIZATION_HEADER'],
    ['', own, 400, 'INVALID_ORGANIZATION_HEADER'],
    ['x', own, 400, 'INVALID_ORGANIZATION_HEADER'],
  ];
  for (const [segment, header, status, code] of cases) {
    const named: RawHeader[] = header === null ? [] : [['X-Organization-Id', header]];
    const target = `/o/${segment}/mcp`;
    const answer = await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey), ...named], target);
    const label = `${segment} and ${header}`;
    if (code === null) expect([label, answer.status]).toEqual([label, status]);
    else expectRefusal(answer, status, code, label);
  }
  expect(organizationsIn(app.sent)).toEqual([own, own]);
  const [header] = await refusals(app.port, app.acme.defaultKey, [[`/mcp`, other]]);
  const [url] = await refusals(app.port, app.acme.defaultKey, [[`/o/${other}/mcp`, null]]);
  expect(header).toEqual(url);
});

const refusals = (port: number, key: string, named: readonly [target: string, header: string | null][]) =>
  Promise.all(
    named.map(async ([target, header]) => {
      const headers: RawHeader[] = header === null ? [] : [['X-Organization-Id', header]];
      return bytesOf(await rawSearch(port, 'mcp', [bearer(key), ...headers], target));
    }),
  );

test('a malformed URL segment is refused; another path is another path', async () => {
  const app = await startTwoTenants({ seed: false });
  const { id, defaultKey } = app.acme;
  const segments = malformedIds(id).map((text) => encodeURIComponent(text));
  for (const segment of [
    ...segments,
    encodeURIComponent(id).replace('_', '%5f'),
    '.',
    '..',
    '%2e%2e',
    '%00',
  ]) {
    const answer = await rawSearch(app.port, 'mcp', [bearer(defaultKey)], `/o/${segment}/mcp`);
    expectRefusal(answer, 400, 'INVALID_ORGANIZATION_HEADER', segment);
  }
  const paths = [`/o/${id}`, `/o/${id}/`, `/o/${id}/mcp/`, `/o//${id}/mcp`, `/O/${id}/mcp`, `/o/${id}/MCP`];
  for (const target of [
    ...paths,
    `/o/${id}/v1/whoami`,
    `/o/${id}/../mcp`,
    `/mcp/o/${id}`,
    `/o/${id}%2fmcp`,
  ]) {
    const answer = await rawSearch(app.port, 'mcp', [bearer(defaultKey)], target);
    expectRefusal(answer, 404, 'NOT_FOUND', target);
  }
  expect(app.sent).toEqual([]);
});

test('nothing else in a request names the organisation', async () => {
  const app = await startTwoTenants({ seed: false });
  const names = [
    'X_Organization_Id',
    'X-Organization_Id',
    'X-Org-Id',
    'Organization-Id',
    'X-Organisation-Id',
  ];
  const more = [
    'X-Tenant-Id',
    'Mcp-Param-Organization-Id',
    'X-Organization-Id-',
    'Organization',
    'X-Organization',
  ];
  for (const name of [...names, ...more, 'Cookie', 'Referer', 'X-Forwarded-Host', 'X-Original-URL']) {
    for (const protocol of protocols) {
      const headers = [bearer(app.acme.defaultKey), [name, app.bolt.id]] as const;
      const { status } = await rawSearch(app.port, protocol, headers);
      expect([name, status]).toEqual([name, 200]);
    }
  }
  const target = `/mcp?organization_id=${app.bolt.id}&X-Organization-Id=${app.bolt.id}`;
  expect((await rawSearch(app.port, 'mcp', [bearer(app.acme.defaultKey)], target)).status).toBe(200);
  expect(new Set(organizationsIn(app.sent))).toEqual(new Set([app.acme.id]));
});

test('the header has the name that the configuration gives it, and no other', async () => {
  const app = await startTwoTenants({ seed: false, config: { server: { organizationHeader: 'X-Tenant' } } });
  const { acme, bolt } = app;
  const ask = (name: string, id: string) =>
    rawHttp(app.port, { target: '/v1/whoami', headers: [bearer(acme.defaultKey), [name, id]] });
  for (const name of ['X-Tenant', 'x-tenant', 'X-TENANT']) {
    expectRefusal(await ask(name, bolt.id), 403, 'ORGANIZATION_MISMATCH', name);
    expect((await ask(name, acme.id)).status).toBe(200);
  }
  const answer = await ask('X-Organization-Id', bolt.id);
  expect(answer.body.organization.organization_id).toBe(acme.id);
});

test('a suspended organisation is refused everywhere, and works again when resumed', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  await setStatus(app, acme, 'suspended');
  for (const protocol of protocols) {
    const answer = await rawSearch(app.port, protocol, [bearer(acme.defaultKey)]);
    expectRefusal(answer, 403, 'ORGANIZATION_SUSPENDED', protocol);
    const [row] = await app.audit(1);
    expect(row).toMatchObject({ organizationId: acme.id, errorCode: 'ORGANIZATION_SUSPENDED', status: 403 });
    expect((await rawSearch(app.port, protocol, [bearer(bolt.defaultKey)])).status).toBe(200);
  }
  expectRefusal(
    await rawSearch(app.port, 'mcp', [bearer(acme.defaultKey)], `/o/${acme.id}/mcp`),
    403,
    'ORGANIZATION_SUSPENDED',
  );
  // Nobody learns of another organisation's state: a foreign key only ever sees a mismatch.
  const foreign = await rawSearch(app.port, 'mcp', [bearer(bolt.defaultKey)], `/o/${acme.id}/mcp`);
  expectRefusal(foreign, 403, 'ORGANIZATION_MISMATCH');
  await setStatus(app, acme, 'active');
  expect((await rawSearch(app.port, 'mcp', [bearer(acme.defaultKey)])).status).toBe(200);
  expect(organizationsIn(app.sent)).toEqual([bolt.id, bolt.id, acme.id]);
});
