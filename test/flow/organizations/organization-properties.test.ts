import fc from 'fast-check';
import { expect, test } from 'vitest';
import { bearer, protocols, type RawHeader, rawHttp, rawSearch } from '../../support/raw-http.ts';
import { expectRefusal, organizationsIn, refusalIn } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

/** The form of an organisation's id, written down a second time on purpose. */
const ORGANIZATION_ID = /^org_[0-7][0-9A-HJKMNP-TV-Z]{25}$/;

/** Bytes that HTTP lets stand in a header's value, as characters; the rest never gets past the parser. */
const headerText = (value: string): string =>
  [...Buffer.from(value, 'utf8').toString('latin1')]
    .filter((char) => char === '\t' || (char >= ' ' && char !== '\u007f'))
    .join('');

/** What the parser takes off around a value. */
const withoutOuterSpace = (value: string): string => value.replace(/^[ \t]+|[ \t]+$/g, '');

/** Anything at all, and much that is nearly one of `ids`. */
function nearly(ids: readonly string[]): fc.Arbitrary<string> {
  const id = fc.constantFrom(...ids);
  const index = fc.nat({ max: 30 });
  const piece = fc.oneof(
    fc.string({ unit: 'grapheme', maxLength: 3 }),
    fc.constantFrom(
      '_',
      '%',
      ',',
      '\u0000',
      '\u200b',
      '\u0130',
      '\u017f',
      '\u212a',
      ' ',
      '.',
      '0',
      'O',
      '%5f',
    ),
  );
  return fc.oneof(
    id,
    fc.string({ unit: 'binary' }),
    fc.tuple(id, index, piece).map(([text, at, put]) => text.slice(0, at) + put + text.slice(at)),
    fc
      .tuple(id, index, piece)
      .map(([text, at, put]) => text.slice(0, at) + put + text.slice(at + put.length)),
    fc.tuple(id, index).map(([text, at]) => text.slice(0, at)),
    fc.tuple(id, index).map(([text, at]) => text.slice(0, at) + text.slice(at).toLowerCase()),
    fc.tuple(id, id, piece).map(([one, two, between]) => one + between + two),
    fc.tuple(piece, id, piece).map(([before, text, after]) => before + text + after),
    fc.stringMatching(/^org_[0-9A-Z]{20,30}$/),
  );
}

const expected = (named: string, ownId: string): readonly [number, string | undefined] => {
  if (named === ownId) return [200, undefined];
  if (ORGANIZATION_ID.test(named)) return [403, 'ORGANIZATION_MISMATCH'];
  return [400, 'INVALID_ORGANIZATION_HEADER'];
};

test('any text as organisation header is the exact id or is refused', async () => {
  const app = await startTwoTenants({ seed: false });
  const { id, defaultKey } = app.acme;
  const text = nearly([id, app.bolt.id]).map(headerText);
  await fc.assert(
    fc.asyncProperty(text, fc.constantFrom(...protocols), async (value, protocol) => {
      const headers: RawHeader[] = [bearer(defaultKey), ['X-Organization-Id', value]];
      const answer = await rawSearch(app.port, protocol, headers);
      const [status, code] = expected(withoutOuterSpace(value), id);
      expect([answer.status, refusalIn(answer)?.code]).toEqual([status, code]);
      if (code !== undefined) expectRefusal(answer, status, code);
    }),
    {
      numRuns: 200,
      examples: [
        [id, 'mcp'],
        [` ${id}\t`, 'rest'],
        [app.bolt.id, 'rest'],
      ],
    },
  );
  expect(app.sent.length).toBeGreaterThan(0);
  expect(new Set(organizationsIn(app.sent))).toEqual(new Set([id]));
});

test('any text as organisation in the URL is the exact id or is refused', async () => {
  const app = await startTwoTenants({ seed: false });
  const { id, defaultKey } = app.acme;
  const text = nearly([id, app.bolt.id]);
  // A lone surrogate has no encoding; everything else does.
  const encoded = text.map((value) => encodeURIComponent(value.toWellFormed()));
  // The parser lets in visible ASCII alone; `/`, `?` and `#` would end the segment.
  const bare = text.map((value) => value.replaceAll(/[^!-~]|[/?#]/g, ''));
  await fc.assert(
    fc.asyncProperty(fc.oneof(encoded, bare), async (segment) => {
      const answer = await rawSearch(app.port, 'mcp', [bearer(defaultKey)], `/o/${segment}/mcp`);
      const [status, code] = expected(segment, id);
      expect([answer.status, refusalIn(answer)?.code]).toEqual([status, code]);
    }),
    { numRuns: 200, examples: [[id], [app.bolt.id], ['']] },
  );
  expect(app.sent.length).toBeGreaterThan(0);
  expect(new Set(organizationsIn(app.sent))).toEqual(new Set([id]));
});

/** Headers that speak, or seem to speak, of a caller or an organisation, in every mixture. */
function mixtures(keys: readonly string[], ids: readonly string[]): fc.Arbitrary<RawHeader[]> {
  const casings = (name: string) => fc.constantFrom(name, name.toLowerCase(), name.toUpperCase());
  const key = fc.constantFrom(...keys);
  const id = fc.oneof({ weight: 3, arbitrary: fc.constantFrom(...ids) }, nearly(ids).map(headerText));
  const good = fc.oneof(
    fc.tuple(
      casings('Authorization'),
      key.map((text) => `Bearer ${text}`),
    ),
    fc.tuple(casings('X-API-Key'), key),
  );
  const scheme = fc.constantFrom('bearer ', 'Bearer  ', 'Bearer\t', 'Basic ', '');
  const token = fc.oneof(key, fc.constantFrom(keys.join(','), keys.join(' '), ''));
  const odd = fc.tuple(
    casings('Authorization'),
    fc.tuple(scheme, token).map((parts) => parts.join('')),
  );
  const organization = fc.tuple(casings('X-Organization-Id'), id);
  const neutral = fc.oneof(
    fc.tuple(fc.constantFrom('X_Organization_Id', 'X-Org-Id', 'X-Organization-Id2', 'Cookie'), id),
    fc.tuple(fc.constantFrom('Proxy-Authorization', 'Cookie', 'X_API_Key'), key),
  );
  const plausible = fc
    .tuple(
      fc.array(fc.oneof(organization, neutral), { maxLength: 2 }),
      good,
      fc.array(neutral, { maxLength: 1 }),
    )
    .map(([before, credential, after]) => [...before, credential, ...after]);
  return fc.oneof(plausible, fc.array(fc.oneof(good, odd, organization, neutral), { maxLength: 4 }));
}

const named = (headers: readonly RawHeader[], name: string): string[] =>
  headers.filter(([each]) => each.toLowerCase() === name).map(([, value]) => withoutOuterSpace(value));

test('no mixture of headers speaks for another organisation than that of its one credential', async () => {
  const app = await startTwoTenants({ seed: false });
  const { acme, bolt } = app;
  const owners = new Map([acme, bolt].map(({ defaultKey, id }) => [defaultKey, id as string]));
  let admitted = 0;
  await fc.assert(
    fc.asyncProperty(mixtures([...owners.keys()], [acme.id, bolt.id]), async (headers) => {
      const answer = await rawHttp(app.port, { target: '/v1/whoami', headers });
      if (answer.status !== 200) return void expect(answer.status).toBeOneOf([400, 401, 403]);
      admitted += 1;
      const credentials = [...named(headers, 'authorization'), ...named(headers, 'x-api-key')];
      expect(credentials).toHaveLength(1);
      const owner = owners.get(credentials[0]?.replace(/^bearer /i, '') ?? '');
      expect(answer.body.organization.organization_id).toBe(owner);
      for (const id of named(headers, 'x-organization-id')) expect(id).toBe(owner);
      expect(named(headers, 'x-organization-id').length).toBeLessThanOrEqual(1);
    }),
    { numRuns: 400, examples: [[[bearer(acme.defaultKey)]], [[bearer(bolt.defaultKey)]]] },
  );
  // The property says little unless some of them are let in.
  expect(admitted).toBeGreaterThan(20);
});
