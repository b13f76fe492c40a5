import { expect, test } from 'vitest';
import { loadConfig } from '../../../src/config/load-config.ts';
import { writeConfig } from '../../support/fresh-start.ts';

function mistakesOf(config: object): readonly string[] {
  const { dir, file } = writeConfig(config);
  const loaded = loadConfig({ TENANTRY_CONFIG: file, DESK: 'x' }, dir);
  return loaded.ok ? [] : loaded.mistakes;
}

const ofEvery = [
  ['Host', 'Connection', 'Keep-Alive', 'Transfer-Encoding', 'TE', 'Trailer', 'Upgrade', 'Expect'],
  ['Content-Type', 'content-length', 'Content-Encoding', 'Accept', 'Accept-Encoding', 'Via', 'Forwarded'],
  ['X-Forwarded-For', 'X-Forwarded-Host', 'x-forwarded-proto', 'X-Real-IP', 'X-HTTP-Method-Override'],
  ['X-Request-Id', 'traceparent', 'Tracestate', 'MCP-Session-Id', 'Mcp-Protocol-Version', 'Mcp-Name'],
  ['Last-Event-ID', 'X-Tenantry-Key-Prefix'],
].flat();
const ofCallers = ['X-API-Key', 'Proxy-Authorization', 'Origin', 'Referer', 'User-Agent', 'Sec-Fetch-Site'];
const ofOperators = ['X-On-Behalf-Of', 'X-Break-Glass-Reason', 'Access-Control-Request-Headers'];
const ofOrganizations = ['Authorization', 'Cookie'];

test.each([...ofEvery, ...ofCallers, ...ofOperators, ...ofOrganizations])(
  'the organisation of a request is not read from %s',
  (organizationHeader) => {
    expect(mistakesOf({ server: { organizationHeader } })).toEqual([
      'server.organizationHeader: expected a header of its own, such as "X-Organization-Id"',
    ]);
  },
);

test.each([...ofEvery, ...ofOrganizations])('a platform is not told the organisation in %s', (name) => {
  const downstream = { url: 'https://api.example.com', organization: { in: 'header', name } };
  expect(mistakesOf({ downstream })).toEqual([expect.stringContaining('expected a header of its own')]);
  const server = { prefix: 'p', mcp: 'https://mcp.example.com', scopes: {}, organization: { header: name } };
  expect(mistakesOf({ downstreams: [server] })).toEqual([
    expect.stringContaining('expected a header of its own'),
  ]);
});

test.each(ofEvery)('a platform is not sent a credential in %s', (header) => {
  const credential = { environment: 'DESK', header };
  const expected = [expect.stringContaining('credential.header: expected a header of its own')];
  expect(mistakesOf({ downstream: { url: 'https://api.example.com', credential } })).toEqual(expected);
  const server = { prefix: 'p', mcp: 'https://mcp.example.com', scopes: {}, credential };
  expect(mistakesOf({ downstreams: [server] })).toEqual(expected);
});

test('headers of their own are taken', () => {
  for (const name of ['X-Organization-Id', 'X-Tenant', 'Organization', 'X-Org', 'Tenant-Id', 'X-Account-Id'])
    expect(mistakesOf({ server: { organizationHeader: name } })).toEqual([]);
  for (const header of ['Authorization', 'X-Api-Key', 'Cookie', 'PRIVATE-TOKEN', 'apikey']) {
    const credential = { environment: 'DESK', header, scheme: '' };
    expect(mistakesOf({ downstream: { url: 'https://api.example.com', credential } })).toEqual([]);
  }
});

test('one header does not say both who asks and for whom, in any case', () => {
  const credential = { environment: 'DESK', header: 'x-desk' };
  const organization = { in: 'header', name: 'X-Desk' };
  expect(mistakesOf({ downstream: { url: 'https://api.example.com', credential, organization } })).toEqual([
    expect.stringContaining("expected another header than the organisation's"),
  ]);
});
