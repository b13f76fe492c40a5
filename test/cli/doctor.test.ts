import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { canonicalTools } from '../support/client-checks.ts';
import { createCommands, createOrganization, linesOf, unknownOrganization } from './commands.ts';
import { closedUrl, startProxy, startStranger } from './proxy.ts';

type Check = { readonly name: string; readonly ok: boolean; readonly advice: string | null };

async function start() {
  const commands = createCommands();
  const acme = await createOrganization(commands, 'Acme');
  const server = await commands.startServer();
  const doctor = (args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
    const env = { TENANTRY_API_KEY: acme.key, TENANTRY_URL: `${server.url}/mcp`, ...more };
    return commands.run(['doctor', ...args], env);
  };
  /** The failed lines, all others being `ok`. */
  const failures = async (args: readonly string[], more?: Readonly<Record<string, string>>) => {
    const { code, stdout, stderr } = await doctor(args, more);
    const lines = linesOf(stdout);
    const advice = lines.flatMap((line) => line.split('. Probably: ').slice(1));
    const said = advice.filter((sentence) => sentence !== 'as above.');
    expect(said).toEqual([...new Set(said)]);
    const failed = lines.filter((line) => !line.startsWith('ok   '));
    expect({ code, stderr }).toEqual({ code: failed.length === 0 ? 0 : 1, stderr: '' });
    for (const line of failed) expect(line).toMatch(/^FAIL [^:]+: .+\. Probably: .+\.$/);
    const online = failed.filter((line) => !line.startsWith('FAIL key: the environment'));
    for (const line of online) expect(line).toMatch(/http:\/\/127\.0\.0\.1:\d+\//);
    expect(stdout).not.toContain(acme.key.slice(13));
    return failed;
  };
  return { commands, acme, server, doctor, failures };
}

test('a server that works is proved by both clients, and each check is one line', async () => {
  const { commands, acme, server, doctor } = await start();
  const env = { TENANTRY_API_KEY: acme.key, TENANTRY_URL: `${server.url}/mcp` };
  const whole = await commands.runApart(['doctor', '--org', acme.id], env);
  expect(whole).toMatchObject({ code: 0, stderr: '' });
  const actsFor = `${acme.key.slice(0, 12)} acts for Acme (${acme.id})`;
  const count = canonicalTools.length;
  expect(linesOf(whole.stdout).map((line) => line.replace(/http:\S+\/(?=\w+:)/, '/'))).toEqual([
    'ok   reachable: GET /healthz: HTTP 200',
    'ok   ready: GET /readyz: HTTP 200',
    `ok   key: GET /v1/whoami: ${acme.key.slice(0, 12)} is accepted`,
    `ok   organisation: whoami as ${acme.id}: ${actsFor}`,
    'ok   isolation: POST as an organisation that does not exist: 403 ORGANIZATION_MISMATCH',
    `ok   MCP 2025-11-25 client: tools/list: ${count} tools`,
    `ok   MCP 2025-11-25 client: tools/call whoami: ${actsFor}`,
    `ok   MCP 2026-07-28 client: tools/list: ${count} tools`,
    `ok   MCP 2026-07-28 client: tools/call whoami: ${actsFor}`,
  ]);
  const json = await doctor(['--json']);
  expect(json).toMatchObject({ code: 0, stderr: '' });
  const checks: Check[] = JSON.parse(json.stdout);
  expect(checks.map(({ name, ok }) => [name, ok])).toHaveLength(9);
  expect(checks.every(({ ok }) => ok)).toBe(true);
});

test('without TENANTRY_URL it says what to set, and checks what needs no server', async () => {
  const { doctor } = await start();
  const url = await closedUrl();
  const unset = await doctor([], { TENANTRY_URL: '', TENANTRY_API_KEY: '' });
  expect(unset.stderr).toBe(
    'TENANTRY_URL is not set; trying http://127.0.0.1:8080/mcp. For another server: export TENANTRY_URL=https://…/mcp, or --url\n',
  );
  expect(unset.stdout).toMatch(
    /^FAIL key: the environment: TENANTRY_API_KEY is not set\. Probably: set it to a key/m,
  );
  const closed = await doctor(['--url', url]);
  expect([closed.stderr, linesOf(closed.stdout)]).toEqual([
    '',
    [
      expect.stringMatching(/^FAIL reachable: /),
      'ok   key: the environment: TENANTRY_API_KEY is set, to one key',
    ],
  ]);
});

test('the server sees one client of each era', async () => {
  const { commands, acme, doctor } = await start();
  await doctor([]);
  const { events } = await commands.json(['audit', 'list', '--org', acme.id, '--tool', 'whoami']);
  const eras = events.map(({ era, target }: { era: string; target: string }) => [target, era]);
  expect(eras.slice(0, 2)).toEqual([
    ['/mcp tools/call', '2026'],
    ['/mcp tools/call', '2025'],
  ]);
});

test('another organisation than the key has is found out', async () => {
  const { commands, acme, server, failures } = await start();
  const bolt = await createOrganization(commands, 'Bolt');
  for (const args of [
    ['--org', bolt.id],
    ['--url', `${server.url}/o/${unknownOrganization}/mcp`],
  ]) {
    const failed = await failures(args);
    expect(failed.map((line) => line.split(':')[0])).toEqual([
      'FAIL organisation',
      'FAIL MCP 2025-11-25 client',
      'FAIL MCP 2026-07-28 client',
    ]);
    for (const line of failed) expect(line).toMatch(/ORGANIZATION_MISMATCH.*Tried: http:\S+\. Probably: /);
    expect(failed.map((line) => line.split('Probably: ')[1])).toEqual([
      expect.stringMatching(/^the key is for another organisation; .*--org/),
      'as above.',
      'as above.',
    ]);
  }
  expect(await failures(['--url', `${server.url}/o/${acme.id}/mcp`])).toEqual([]);
  await commands.json(['orgs', 'suspend', acme.id]);
  expect(await failures([])).toEqual([expect.stringMatching(/^FAIL key: .*"tenantry orgs resume"/)]);
});

test('a key that is missing, not a key or not accepted is the last thing tried', async () => {
  const { failures } = await start();
  for (const [key, sentence] of [
    ['', /^FAIL key: .*TENANTRY_API_KEY is not set\. Probably: .*keys mint/],
    ['two words', /^FAIL key: .*is not one key/],
    ['tnt_nobody', /^FAIL key: .*INVALID_TOKEN.*Probably: the key is mistyped, revoked, expired/],
  ] as const) {
    expect(await failures([], { TENANTRY_API_KEY: key })).toEqual([expect.stringMatching(sentence)]);
  }
});

test('a proxy that changes the headers is found out', async () => {
  const { acme, server, failures } = await start();
  const behind = async (change: Parameters<typeof startProxy>[1]) =>
    failures(['--url', `${await startProxy(() => server.url, change)}/mcp`, '--org', acme.id]);
  expect(await behind((headers) => headers)).toEqual([]);
  expect(await behind(({ authorization: _, ...headers }) => headers)).toEqual([
    expect.stringMatching(/^FAIL key: .*AUTHENTICATION_REQUIRED.*strips the Authorization header/),
  ]);
  expect(await behind(({ 'x-organization-id': _, ...headers }) => headers)).toEqual([
    expect.stringMatching(/^FAIL isolation: .*a proxy strips X-Organization-Id/),
  ]);
  expect(await behind((headers) => ({ ...headers, host: 'inner.example' }))).toEqual([
    expect.stringMatching(/^FAIL key: .*HOST_NOT_ALLOWED.*server\.allowedHosts/),
  ]);
});

test('a server that has lost its store is told as such, by what /readyz says', async () => {
  const { commands, server, failures } = await start();
  for (const suffix of ['', '-wal', '-shm'])
    rmSync(join(commands.dir, `data/tenantry.db${suffix}`), { force: true });
  await expect.poll(async () => (await fetch(`${server.url}/readyz`)).status).toBe(503);
  const [ready] = await failures([]);
  expect(ready).toMatch(/^FAIL ready: .*STORE_UNAVAILABLE: .*Probably: the server cannot read its store/);
});

test('a server that is not Tenantry, or not there, is named as such', async () => {
  const { server, doctor, failures } = await start();
  const cases = [
    [`${await closedUrl()}/mcp`, /^FAIL reachable: .*ECONNREFUSED.*"tenantry serve"/],
    [`${await startStranger(502, {})}/mcp`, /^FAIL reachable: .*HTTP 502.*not of Tenantry/],
    [
      `${await startStranger(301, { location: '/x' })}/mcp`,
      /^FAIL reachable: .*redirected to \/x.*final address/,
    ],
  ] as const;
  for (const [url, sentence] of cases) {
    expect(await failures(['--url', url])).toEqual([expect.stringMatching(sentence)]);
  }
  const wrongPath = await failures(['--url', `${server.url}/`]);
  expect(wrongPath).toHaveLength(3);
  for (const line of wrongPath) expect(line).toContain(`. Tried: ${server.url}/. Probably: `);
  expect(wrongPath[0]).toMatch(/METHOD_NOT_ALLOWED.*must end in \/mcp/);
  const { stdout } = await doctor(['--url', `${server.url}/`, '--json']);
  const advice = JSON.parse(stdout).flatMap((check: Check) => check.advice ?? []);
  expect([advice.length, new Set(advice).size]).toEqual([3, 1]);
});

test('a command line that is wrong ends with 2', async () => {
  const commands = createCommands();
  for (const args of [
    ['--url', 'nonsense'],
    ['--org', 'acme'],
    ['--key', 'tnt_x'],
  ]) {
    const { code, stdout } = await commands.run(['doctor', ...args]);
    expect([code, stdout]).toEqual([2, '']);
  }
});

test('with a host key every check speaks for the organisation that was named, and says what is missing without one', async () => {
  const { commands, acme, doctor, failures } = await start();
  const args = ['keys', 'mint', '--host', '--name', 'Agents', '--for', acme.id];
  const { auth_token: TENANTRY_API_KEY } = await commands.json(args);
  expect(await failures(['--org', acme.id], { TENANTRY_API_KEY })).toEqual([]);
  expect(await failures([], { TENANTRY_API_KEY, TENANTRY_ORGANIZATION_ID: acme.id })).toEqual([]);
  const { stdout } = await doctor(['--org', acme.id], { TENANTRY_API_KEY });
  expect(stdout).toContain(`acts for Acme (${acme.id})`);
  const unnamed = await failures([], { TENANTRY_API_KEY });
  expect(unnamed.join()).toMatch(/ORGANIZATION_REQUIRED.*name one with --org/);
});
