import { type DemoTenant, provisionDemo } from '../provisioning/provision-demo.ts';
import type { Register } from './program.ts';
import type { Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

export const registerServe: Register = (program, runtime, done) => {
  program
    .command('serve')
    .description('Serves MCP and REST over HTTP until it is asked to stop.')
    .action(async () =>
      done(
        await withServices(runtime, async (services) => {
          const demo = services.config.demo ? await provisionDemo(services) : [];
          const listening = await runtime.listen(services);
          printDemo(demo, listening.url, runtime);
          runtime.out(`tenantry listening on ${listening.url}`);
          await runtime.stopRequested();
          await listening.stop();
          return 0;
        }),
      ),
    );
};

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
  runtime.err(JSON.stringify({ mcpServers: { tenantry: server } }, null, 2));
  runtime.err('');
}
