import { describe, expect, test } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { runHere } from './in-process.ts';
import { closedUrl } from './proxy.ts';

const key = 'a-key-that-is-no-key-of-ours';
const clients = (url: string) => [
  ['call', 'whoami', '--url', url],
  ['call', 'whoami', '--json', '--url', url],
  ['doctor', '--url', url],
  ['doctor', '--json', '--url', url],
  ['stdio', '--url', url],
];
const run = (args: readonly string[], more: Record<string, string> = {}) =>
  runHere(args, { TENANTRY_API_KEY: key, ...more }, '/');

describe('a key in the clear', () => {
  // A name that no resolver knows: nothing is sent.
  const away = 'http://tenantry.invalid:8080/mcp';

  test.each(clients(away))('is warned about once, on standard error: %s %s %s %s', async (...args) => {
    const { stdout, stderr } = await run(args);
    expect(stderr.match(/^Warning: the key goes to tenantry\.invalid in the clear/gm)).toHaveLength(1);
    expect(stdout + stderr).not.toContain(key);
    if (args.includes('--json') && stdout !== '') expect(() => JSON.parse(stdout)).not.toThrow();
  });

  test('is nothing to warn about on this machine, over https, or where there is no key', async () => {
    const { port } = new URL(await closedUrl());
    for (const host of ['127.0.0.1', 'localhost', '[::1]', '127.0.0.2']) {
      expect((await run(['call', '--url', `http://${host}:${port}/mcp`])).stderr).not.toContain('clear');
    }
    expect((await run(['call', '--url', 'https://tenantry.invalid/mcp'])).stderr).not.toContain('clear');
    expect((await run(['doctor', '--url', away], { TENANTRY_API_KEY: '' })).stderr).not.toContain('clear');
  });

  test('a name that only looks like this machine is another', async () => {
    for (const host of ['localhost.invalid', '127.0.0.1.invalid', 'xlocalhost.invalid']) {
      expect((await run(['call', '--url', `http://${host}/mcp`])).stderr).toContain(
        `goes to ${host} in the clear`,
      );
    }
  });
});

describe('NODE_TLS_REJECT_UNAUTHORIZED=0', () => {
  const unchecked = { NODE_TLS_REJECT_UNAUTHORIZED: '0' };

  test('is refused at the start, with what to set instead', async () => {
    const { dir, file } = writeConfig({ server: { port: 0 } });
    for (const args of [['serve'], ['stdio'], ['orgs', 'list']]) {
      const { code, stderr } = await runHere(args, { TENANTRY_CONFIG: file, ...unchecked }, dir);
      expect([code, stderr]).toEqual([78, expect.stringContaining('NODE_EXTRA_CA_CERTS')]);
    }
    const checked = { TENANTRY_CONFIG: file, NODE_TLS_REJECT_UNAUTHORIZED: '1' };
    expect((await runHere(['orgs', 'create', 'Acme'], checked, dir)).code).toBe(0);
  });

  test('is refused by every command that would send a key', async () => {
    for (const args of clients('https://tenantry.invalid/mcp')) {
      const { code, stderr, stdout } = await run(args, unchecked);
      expect([args, code, stdout]).toEqual([args, 78, '']);
      expect(stderr).toContain('NODE_EXTRA_CA_CERTS');
    }
  });
});
