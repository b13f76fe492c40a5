import { createAgentHost } from './agent-host.ts';

/** `node examples/agent-host/main.ts org_… org_…` asks for all of them at once who the caller is. */
const { TENANTRY_URL: url = 'http://127.0.0.1:8080/mcp', TENANTRY_API_KEY: hostKey } = process.env;
const organizationIds = process.argv.slice(2);
if (hostKey === undefined || organizationIds.length === 0) {
  console.error('Usage: TENANTRY_API_KEY=<host key> node examples/agent-host/main.ts org_… [org_… …]');
  process.exit(2);
}

const host = createAgentHost({ url, hostKey });
const answers = await Promise.allSettled(organizationIds.map((id) => host.callTool(id, 'whoami')));
for (const [index, answer] of answers.entries()) {
  const told =
    answer.status === 'fulfilled' ? JSON.stringify(answer.value) : `refused: ${answer.reason.message}`;
  console.log(`${organizationIds[index]}  ${told}`);
}
await host.close();
process.exitCode = answers.every(({ status }) => status === 'fulfilled') ? 0 : 1;
