import { expect, test } from 'vitest';
import type { OrganizationPlace } from '../../src/downstream/downstream.ts';
import { path } from '../../src/downstream/path.ts';
import { type Draft, writeOrganization } from '../../src/downstream/write-organization.ts';

const draft: Draft = {
  path: path`/v1/things/${'a/b'}`,
  query: { tenant: 'of the caller', q: 'x' },
  headers: { tenant: 'of the caller', 'x-request-id': 'r' },
  body: { tenant: 'of the caller', name: 'x' },
};

test('wherever it belongs, the organisation stands over what was there under its name', () => {
  const write = (place: OrganizationPlace['in']) =>
    writeOrganization(draft, 'org', '', [{ in: place, name: 'tenant' }]);
  expect(write('query').url.search).toBe('?q=x&tenant=org');
  expect(write('header').headers).toEqual({ tenant: 'org', 'x-request-id': 'r' });
  expect(write('body').body).toEqual({ tenant: 'org', name: 'x' });
  expect(write('path').url.pathname).toBe('/v1/things/a%2Fb');
});

test('a request without a body is told in the query, where others are told in the body', () => {
  const { url, body } = writeOrganization({ ...draft, body: undefined }, 'org', '', [
    { in: 'body', name: 'tenant' },
  ]);
  expect([url.search, body]).toEqual(['?q=x&tenant=org', undefined]);
});

test.each(['a/b', '..', '../x', '%2e%2e', 'a?b', 'a#b', 'ä ö'])(
  'the organisation %s stays in its segment of the base path',
  (id) => {
    const places = [{ in: 'path', name: 'tenant' }] as const;
    const write = () => writeOrganization(draft, id, '/tenants/{tenant}/v2', places).url.pathname;
    if (id === '..') expect(write).toThrow('arguments are not valid');
    else expect(write()).toBe(`/tenants/${encodeURIComponent(id)}/v2/v1/things/a%2Fb`);
  },
);

test('a body that has no place for the organisation is not sent without it', () => {
  for (const body of [['x'], 'x', 7, null, true]) {
    const write = () => writeOrganization({ ...draft, body }, 'org', '', [{ in: 'body', name: 'tenant' }]);
    expect(write).toThrow('JSON object');
  }
});

test('where several places want it, each is told', () => {
  const places = [
    { in: 'query', name: 'org' },
    { in: 'body', name: 'tenant' },
    { in: 'header', name: 'X-Org' },
  ] as const;
  const { url, headers, body } = writeOrganization(draft, 'mine', '', places);
  expect([url.searchParams.get('org'), headers['x-org'], body]).toEqual([
    'mine',
    'mine',
    { tenant: 'mine', name: 'x' },
  ]);
});
