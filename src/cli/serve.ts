import { existsSync } from 'node:fs';
import type { Config } from '../config/load-config.ts';
import { readAllOrganizations } from '../provisioning/all-organizations.ts';
import { type DemoTenant, demoAmong, provisionDemo } from '../provisioning/provision-demo.ts';
import { printable } from '../secrets/printable.ts';
import type { Services } from '../server/services.ts';
import { jsonText } from './print.ts';
import type { Register, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

export const registerServe: Register = (program, runtime, done) => {
  program
    .command('serve')
    .description('Serves MCP and REST over HTTP until it is asked to stop.')
    .action(async () =>
      done(
        await withServices(
          runtime,
          async (services) => {
            // Heard before anybody can know of the port: a signal right after it is said must not just kill.
            const stopRequested = runtime.stopRequested();
            // First the port: a start that fails on it must not make keys that nobody sees.
            const listening = await runtime.listen(services);
            if (!runtime.isWorker) await greet(services, listening.url, runtime);
            listening.started?.();
            await stopRequested;
            await listening.stop();
            return 0;
          },
          { reach: 'downstreams', makesStore: true },
        ),
      ),
    );
};

async function greet(services: Services, url: string, runtime: Runtime): Promise<void> {
  if (services.config.demo) await showDemo(services, url, runtime);
  else await showBootstrap(services, url, runtime);
  await warnOfDemo(services, runtime);
  runtime.out(`tenantry listening on ${url}`);
}

/** A terminal's history keeps the keys of a demo, and they reach any platform behind the server. */
async function warnOfDemo({ config, store }: Services, runtime: Runtime): Promise<void> {
  const platform = realPlatform(config);
  const demos = platform === undefined ? [] : demoAmong(await readAllOrganizations(store.organizations));
  if (demos.length === 0) return;
  const names = demos.map(({ name }) => name).join(' and ');
  const ending = demos.map(({ id }) => `npx tenantry orgs delete ${id}`).join(' && ');
  runtime.err(`warning: keys of the demo (${names}) reach ${printable(platform ?? '')}; end them: ${ending}`);
}

/** The first platform that is not on this machine. */
function realPlatform({ downstream, downstreams }: Config): string | undefined {
  const places = downstreams.map((each) =>
    'openapi' in each ? (each.url ?? each.openapi) : typeof each.mcp === 'string' ? each.mcp : '',
  );
  return [downstream.url, ...places].find((place) => place.startsWith('https:'));
}

async function showDemo(services: Services, url: string, runtime: Runtime): Promise<void> {
  const { file } = services.config;
  if (!existsSync(file))
    runtime.err(`There is no ${printable(file)}: this is the demo, on this machine alone.`);
  const tenants = await provisionDemo(services);
  if (tenants.length > 0) return printDemo(tenants, url, runtime);
  runtime.err(`The store in ${services.config.dataDir} is not new: its keys were shown when they were made.`);
  runtime.err('Lost one? `npx tenantry orgs list`, then `npx tenantry keys mint --org org_… --name …`.');
}

/** While the store has never held a key: how the person at the terminal makes the first ones. */
async function showBootstrap({ bootstrap }: Services, url: string, runtime: Runtime): Promise<void> {
  if (!(await bootstrap.isOpen())) return;
  const body = jsonText({ organization: 'My organisation', code: bootstrap.code });
  runtime.err('The store has no key yet. Make the first organisation, from this machine:\n');
  runtime.err(`  curl ${url}/admin/bootstrap -H 'Content-Type: application/json' -d '${body}'\n`);
  const config = runtime.env.TENANTRY_CONFIG ? `TENANTRY_CONFIG=${runtime.env.TENANTRY_CONFIG} ` : '';
  runtime.err('The code works once, and until the server stops. Or, with the same configuration:\n');
  runtime.err(`  ${config}npx tenantry orgs create "My organisation"\n`);
}

/** Plain text, once: the plaintext keys exist nowhere else. */
function printDemo(tenants: readonly DemoTenant[], url: string, runtime: Runtime): void {
  if (tenants.length === 0) return;
  runtime.err('Demo organisations. Their keys are shown this once:');
  for (const tenant of tenants) {
    runtime.err(`\n  ${tenant.name}`);
    runtime.err(`    organisation  ${tenant.organizationId}`);
    runtime.err(`    default key   ${tenant.defaultKey}`);
    runtime.err(`    manager key   ${tenant.managerKey}`);
  }
  const [first] = tenants;
  if (first === undefined) return;
  const server = {
    type: 'http',
    url: `${url}/mcp`,
    headers: { Authorization: `Bearer ${first.defaultKey}`, 'X-Organization-Id': first.organizationId },
  };
  runtime.err(`\nPaste into a client (.mcp.json) to speak for ${first.name}:\n`);
  runtime.err(jsonText({ mcpServers: { tenantry: server } }, 2));
  runtime.err('\nOr try it from another terminal:\n');
  runtime.err(`  export TENANTRY_URL=${url}/mcp TENANTRY_API_KEY=${first.defaultKey}`);
  runtime.err('  npx tenantry doctor');
  runtime.err(`  npx tenantry call search_agents '{"query":"nurse","limit":3}'\n`);
  runtime.err('The manager key in its place also writes and manages keys; to see how:\n');
  runtime.err('  npx tenantry call create_research_group --help\n');
}
