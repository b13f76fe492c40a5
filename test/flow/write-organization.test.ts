import { expect, test } from 'vitest';
import type { OrganizationPlace } from '../../src/downstream/downstream.ts';
import { path } from '../../src/downstream/path.ts';
import { type Draft, writeOrganization } from '../../src/downstream/write-organization.ts';

const termsOf = (place: OrganizationPlace, basePath = '') => ({
  organization: place,
  basePath,
  requireOrganizationInReply: true,
});

const draft: Draft = {
  path: path`/v1/things/${'a/b'}`,
  query: { tenant: 'of the caller', q: 'x' },
  headers: { tenant: 'of the caller', 'x-request-id': 'r' },
  body: { tenant: 'of the caller', name: 'x' },
};

test('wherever it belongs, the organisation stands over what was there under its name', () => {
  const write = (place: OrganizationPlace['in']) =>
    writeOrganization(draft, 'org', termsOf({ in: place, name: 'tenant' }));
  expect(write('query').url.search).toBe('?q=x&tenant=org');
  expect(write('header').headers).toEqual({ tenant: 'org', 'x-request-id': 'r' });
  expect(write('body').body).toEqual({ tenant: 'org', name: 'x' });
  expect(write('path').url.pathname).toBe('/v1/things/a%2Fb');
});

test('a request without a body is told in the query, where others are told in the body', () => {
  const { url, body } = writeOrganization(
    { ...draft, body: undefined },
    'org',
    termsOf({ in: 'body', name: 'tenant' }),
  );
  expect([url.search, body]).toEqual(['?q=x&tenant=org', undefined]);
});

test.each(['a/b', '..', '../x', '%2e%2e', 'a?b', 'a#b', 'ä ö'])(
  'the organisation %s stays in its segment of the base path',
  (id) => {
    const terms = termsOf({ in: 'path', name: 'tenant' }, '/tenants/{tenant}/v2');
    const write = () => writeOrganization(draft, id, terms).url.pathname;
    if (id === '..') expect(write).toThrow('arguments are not valid');
    else expect(write()).toBe(`/tenants/${encodeURIComponent(id)}/v2/v1/things/a%2Fb`);
  },
);
