import { expect, test } from 'vitest';
import { mcpBody, mcpHeaders, type RawHeader, rawHttp } from '../../support/raw-http.ts';
import { expectRefusal } from '../../support/refusal.ts';
import { startTwoTenants } from '../../support/start-app.ts';

const MOST_BYTES = 1024 * 1024;
const REQUESTS_A_MINUTE = 6;

type Draft = {
  readonly host: string;
  readonly method: string;
  readonly target: string;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
};

/** What must be refused, and what is then mended before the next look. */
type Step = readonly [status: number, code: string, mend: Partial<Draft>];

const deep = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const header = (name: string, value: string) => ({ headers: { [name]: value } });
const bearerOf = (key: string) => header('Authorization', `Bearer ${key}`);

const afterParsing = new Set(['INSUFFICIENT_SCOPE', 'ORGANIZATION_IN_ARGUMENTS', 'HEADER_MISMATCH']);

async function startOrdered() {
  const limits = { requestsPerMinutePerKey: REQUESTS_A_MINUTE };
  const app = await startTwoTenants({
    seed: false,
    config: { limits, server: { allowedOrigins: ['https://app.example'] } },
  });
  const { plaintext: fresh } = await app.mint(app.acme, { scopes: [] });
  const { plaintext: spent } = await app.mint(app.acme, { scopes: [] });
  for (let count = 0; count < REQUESTS_A_MINUTE; count += 1) {
    const headers: RawHeader[] = [['X-API-Key', spent]];
    expect((await rawHttp(app.port, { target: '/v1/whoami', headers })).status).toBe(200);
  }
  const door = { spent, fresh, ownId: app.acme.id, otherId: app.bolt.id };
  return { app, acme: app.acme, bolt: app.bolt, door };
}

async function expectOrder(port: number, steps: readonly Step[], finalStatus: number): Promise<void> {
  let draft = wrongInEveryWay;
  const send = () => rawHttp(port, { ...draft, headers: Object.entries(draft.headers) });
  for (const [status, code, mend] of steps) {
    const answer = await send();
    expectRefusal(answer, status, code);
    // Nothing of the body is known before it is parsed.
    if ('jsonrpc' in answer.body)
      expect([code, answer.body.id]).toEqual([code, afterParsing.has(code) ? 7 : null]);
    draft = { ...draft, ...mend, headers: { ...draft.headers, ...mend.headers } };
  }
  const { status } = await send();
  expect(status).toBe(finalStatus);
}

const wrongInEveryWay: Draft = {
  host: 'evil.example',
  method: 'PUT',
  target: '/nowhere',
  headers: {
    Origin: 'https://evil.example',
    Authorization: 'Bearer a b',
    'X-Organization-Id': ' not an id ',
    'Content-Type': 'text/plain',
  },
  body: deep(MOST_BYTES),
};

type Door = { path: string; spent: string; fresh: string; ownId: string; otherId: string };

const wrongMethod: Step = [405, 'METHOD_NOT_ALLOWED', { method: 'POST' }];

/** What is wrong up to the rate limit; on MCP the method is looked at once the credential is known. */
const doorSteps = ({ path, spent, fresh, ownId, otherId }: Door): Step[] => [
  [403, 'HOST_NOT_ALLOWED', { host: 'localhost' }],
  [403, 'ORIGIN_NOT_ALLOWED', header('Origin', 'https://app.example')],
  [404, 'NOT_FOUND', { target: path }],
  ...(path === '/mcp' ? [] : [wrongMethod]),
  [400, 'MALFORMED_CREDENTIALS', header('Authorization', 'Basic eDp5')],
  [401, 'AUTHENTICATION_REQUIRED', bearerOf('tnt_bad')],
  [401, 'INVALID_TOKEN', bearerOf(spent)],
  [400, 'INVALID_ORGANIZATION_HEADER', header('X-Organization-Id', otherId)],
  [403, 'ORGANIZATION_MISMATCH', header('X-Organization-Id', ownId)],
  ...(path === '/mcp' ? [wrongMethod] : []),
  [429, 'RATE_LIMITED', bearerOf(fresh)],
];

test('on MCP, of all that is wrong with a request the first check speaks', async () => {
  const { app, acme, door } = await startOrdered();
  const forbidden = { name: 'search_agents', arguments: { organization_id: acme.id } };
  const allowed = { name: 'search_agents', arguments: {} };
  const steps: Step[] = [
    ...doorSteps({ ...door, path: '/mcp' }),
    [415, 'UNSUPPORTED_MEDIA_TYPE', header('Content-Type', 'application/json')],
    [413, 'BODY_TOO_LARGE', { body: `${deep(65)}!` }],
    [400, 'TOO_DEEP', { body: '!' }],
    [400, 'PARSE_ERROR', { body: mcpBody('tools/call', forbidden, 7) }],
    [403, 'INSUFFICIENT_SCOPE', bearerOf(acme.defaultKey)],
    [200, 'ORGANIZATION_IN_ARGUMENTS', { body: mcpBody('tools/call', allowed, 7) }],
    [400, 'HEADER_MISMATCH', { headers: Object.fromEntries(mcpHeaders('tools/call', 'search_agents')) }],
  ];
  await expectOrder(app.port, steps, 200);
  expect(app.sent).toHaveLength(1);
});

test('on REST too', async () => {
  const { app, acme, door } = await startOrdered();
  const { plaintext: manager } = await app.mint(acme, { scopes: ['key:write'] });
  const minted = { scope_type: 'global', name: 'made', scopes: [] };
  const steps: Step[] = [
    ...doorSteps({ ...door, path: '/v1/keys' }),
    [415, 'UNSUPPORTED_MEDIA_TYPE', header('Content-Type', 'application/json')],
    [413, 'BODY_TOO_LARGE', { body: `${deep(65)}!` }],
    [400, 'TOO_DEEP', { body: '!' }],
    [400, 'PARSE_ERROR', { body: '[]' }],
    [403, 'INSUFFICIENT_SCOPE', bearerOf(manager)],
    [400, 'VALIDATION_ERROR', { body: JSON.stringify({ organization_id: acme.id }) }],
    [400, 'ORGANIZATION_IN_ARGUMENTS', { body: '{}' }],
    [400, 'SCOPE_REQUIRED', { body: JSON.stringify(minted) }],
  ];
  await expectOrder(app.port, steps, 201);
});

test('a wrong organisation never hides, or is hidden by, a bad credential', async () => {
  const { app, bolt } = await startOrdered();
  for (const organization of ['', ' ', 'x', bolt.id, `${bolt.id},${bolt.id}`]) {
    for (const [authorization, status, code] of [
      ['Bearer a b', 400, 'MALFORMED_CREDENTIALS'],
      ['Basic x', 401, 'AUTHENTICATION_REQUIRED'],
      ['Bearer x', 401, 'INVALID_TOKEN'],
    ] as const) {
      const headers: RawHeader[] = [
        ['Authorization', authorization],
        ['X-Organization-Id', organization],
      ];
      const answer = await rawHttp(app.port, { target: '/v1/whoami', headers });
      expectRefusal(answer, status, code, `${authorization} ${organization}`);
      const onUrl = await rawHttp(app.port, {
        method: 'POST',
        target: `/o/${encodeURIComponent(organization)}/mcp`,
        headers: [['Authorization', authorization]],
        body: '!',
      });
      expectRefusal(onUrl, status, code, `${authorization} ${organization} in the URL`);
    }
  }
});
