import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { auditLine } from '../../audit/audit-event.ts';
import { loadConfig } from '../../config/load-config.ts';
import { type DemoTenant, provisionDemo } from '../../provisioning/provision-demo.ts';
import type { Services } from '../../server/services.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { connectDemoClient, type DemoClient } from './demo-client.ts';

export const registerDemo: Register = (program, runtime, done) => {
  program
    .command('demo')
    .description(
      'A tour on a temporary store: two organisations, a real client for each, and what is refused.',
    )
    .action(async () => {
      const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-demo-'));
      try {
        done(await runDemo(dataDir, runtime));
      } finally {
        rmSync(dataDir, { recursive: true, force: true });
      }
    });
};

async function runDemo(dataDir: string, runtime: Runtime): Promise<ExitCode> {
  const file = join(dataDir, 'mcp.config.json');
  writeFileSync(file, JSON.stringify({ demo: true, dataDir, server: { port: 0 }, logLevel: 'silent' }), {
    mode: 0o600,
  });
  const loaded = loadConfig({ TENANTRY_CONFIG: file }, dataDir);
  if (!loaded.ok) throw new Error(loaded.mistakes.join('; '));
  const prepared = await runtime.prepareTools(loaded.config);
  const services = await runtime.openServices(loaded.config, prepared);
  try {
    const [acme, bolt] = await provisionDemo(services);
    if (acme === undefined || bolt === undefined) throw new Error('the demo organisations were not made');
    const listening = await runtime.listen(services);
    try {
      await tour({ acme, bolt, url: `${listening.url}/mcp`, services, say: runtime.out });
    } finally {
      await listening.stop();
    }
    return 0;
  } finally {
    await services.close();
  }
}

type Tour = {
  readonly acme: DemoTenant;
  readonly bolt: DemoTenant;
  readonly url: string;
  readonly services: Services;
  readonly say: (line: string) => void;
};

async function tour({ acme, bolt, url, services, say }: Tour): Promise<void> {
  say('Tenantry demo: one server, two organisations, and no way across.\n');
  await using ofAcme = await connectDemoClient(url, acme.defaultKey);
  await using ofBolt = await connectDemoClient(url, bolt.defaultKey);

  say('1. Both ask the same question; each is answered from its own organisation.');
  const found = await searchNurses(ofAcme, acme.name, say);
  await searchNurses(ofBolt, bolt.name, say);

  say('\n2. Bolt Labs asks for an agent of Acme Research, by its id.');
  const [foreign] = found;
  say(
    `   get_agent ${foreign?.agent_id}\n   -> ${await refusalOf(ofBolt, 'get_agent', { agent_id: foreign?.agent_id })}`,
  );

  say('\n3. The key of Acme Research with the header of Bolt Labs.');
  say(`   -> ${await refusedConnection(url, acme.defaultKey, bolt.organizationId)}`);

  say('\n4. A default key has no scope for keys.');
  say(`   mint_key\n   -> ${await refusalOf(ofAcme, 'mint_key', { scope_type: 'global', name: 'x' })}`);

  say('\n5. The manager key of Acme Research mints a key that may only search.');
  await using manager = await connectDemoClient(url, acme.managerKey);
  await mintRotateRevoke(manager, url, say);

  say('\n7. What the audit says, newest first:');
  await printAudit(services, say);
}

async function mintRotateRevoke(manager: DemoClient, url: string, say: Tour['say']): Promise<void> {
  const request = {
    scope_type: 'global',
    name: 'Search only',
    scopes: ['agent:search'],
    purpose: 'the demo',
  };
  const minted = await manager.call('mint_key', request);
  say(`   minted ${minted.key.prefix} with the scopes ${minted.key.scopes.join(', ')}`);
  await using searcher = await connectDemoClient(url, minted.auth_token);
  await searchNurses(searcher, 'the new key', say);

  say(
    '\n6. It is rotated without downtime: the old key and its replacement both work, until the old one is revoked.',
  );
  const rotated = await manager.call('rotate_key', { key_id: minted.key.id, grace: '1h' });
  say(
    `   ${rotated.replaced.prefix}, last used by ${rotated.replaced.last_client}, is replaced by ${rotated.key.prefix}`,
  );
  await using successor = await connectDemoClient(url, rotated.auth_token);
  await searchNurses(searcher, 'the old key, in its grace,', say);
  await searchNurses(successor, 'its replacement', say);
  await manager.call('revoke_key', { key_id: minted.key.id });
  say(
    `   revoked ${minted.key.prefix}; its next request\n   -> ${await refusalOf(searcher, 'search_agents', {})}`,
  );
  await searchNurses(successor, 'its replacement, still,', say);
}

async function searchNurses(client: DemoClient, who: string, say: Tour['say']) {
  const { agents } = await client.call('search_agents', { query: 'nurse', limit: 3 });
  say(`   ${who} searches "nurse":`);
  for (const agent of agents) say(`     ${agent.name}, ${agent.age}, ${agent.occupation}, ${agent.city}`);
  return agents;
}

/** The refusal that a call is expected to meet; a call that goes through fails the demo. */
async function refusalOf(client: DemoClient, tool: string, args: Record<string, unknown>): Promise<string> {
  const answer = await client.refused(tool, args);
  if (answer === undefined) throw new Error(`${tool} was expected to be refused`);
  return answer;
}

async function refusedConnection(url: string, key: string, organizationId: string): Promise<string> {
  try {
    await using _client = await connectDemoClient(url, key, organizationId);
  } catch (error) {
    return error instanceof Error ? error.message : 'refused';
  }
  throw new Error('a header that names another organisation was expected to be refused');
}

async function printAudit({ store }: Services, say: Tour['say']): Promise<void> {
  const events = await store.audit.listForOperator({}, { limit: 20 });
  for (const event of events) say(`   ${auditLine(event)}`);
}
