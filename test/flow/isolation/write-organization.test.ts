import { expect, test } from 'vitest';
import type { OrganizationLocation } from '../../../src/downstream/downstream.ts';
import { type Draft, writeOrganization } from '../../../src/downstream/organization/write-organization.ts';
import { path } from '../../../src/downstream/path.ts';

const draft: Draft = {
  path: path`/v1/things/${'a?b'}`,
  query: { tenant: 'of the caller', q: 'x' },
  headers: { tenant: 'of the caller', 'x-request-id': 'r' },
  body: { tenant: 'of the caller', name: 'x' },
};

test('in every location the organisation replaces the value that was there under its name', () => {
  const write = (place: OrganizationLocation['in']) =>
    writeOrganization(draft, 'org', '', [{ in: place, name: 'tenant' }]);
  expect(write('query').url.search).toBe('?q=x&tenant=org');
  expect(write('header').headers).toEqual({ tenant: 'org', 'x-request-id': 'r' });
  expect(write('body').body).toEqual({ tenant: 'org', name: 'x' });
  expect(write('path').url.pathname).toBe('/v1/things/a%3Fb');
});

test('a request without a body is told in the query, where others are told in the body', () => {
  const { url, body } = writeOrganization({ ...draft, body: undefined }, 'org', '', [
    { in: 'body', name: 'tenant' },
  ]);
  expect([url.search, body]).toEqual(['?q=x&tenant=org', undefined]);
});

const inPath = (id: string) =>
  writeOrganization(draft, id, '/tenants/{tenant}/v2', [{ in: 'path', name: 'tenant' }]).url.pathname;

test.each(['a?b', 'a#b', 'ä ö', '100%', 'customer-17'])(
  'the organisation %s stays in its segment of the base path',
  (id) => {
    expect(inPath(id)).toBe(`/tenants/${encodeURIComponent(id)}/v2/v1/things/a%3Fb`);
  },
);

test.each(['a/b', '..', '../x', '%2e%2e', 'a%2Fb', '%252e%252e', 'a\\b', '..;x'])(
  'the organisation %s would leave its segment at some hop, and is not written into a path',
  (id) => {
    expect(() => inPath(id)).toThrow("The organisation's id at the platform: expected");
  },
);

test('a body that has no place for the organisation is not sent without it', () => {
  for (const body of [['x'], 'x', 7, null, true]) {
    const write = () => writeOrganization({ ...draft, body }, 'org', '', [{ in: 'body', name: 'tenant' }]);
    expect(write).toThrow('JSON object');
  }
});

test('where several locations want it, each is told', () => {
  const locations = [
    { in: 'query', name: 'org' },
    { in: 'body', name: 'tenant' },
    { in: 'header', name: 'X-Org' },
  ] as const;
  const { url, headers, body } = writeOrganization(draft, 'mine', '', locations);
  expect([url.searchParams.get('org'), headers['x-org'], body]).toEqual([
    'mine',
    'mine',
    { tenant: 'mine', name: 'x' },
  ]);
});
