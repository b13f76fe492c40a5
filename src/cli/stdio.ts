import type { Services } from '../server/services.ts';
import { createLineTransport, type LineTransport } from '../transport/stdio/line-transport.ts';
import { serveMcpStdio } from '../transport/stdio/stdio.ts';
import { bridgeStdio } from '../transport/stdio/stdio-bridge.ts';
import { guardKey } from './client/remote-target.ts';
import type { ExitCode, Register, Runtime } from './runtime.ts';
import { withServices } from './with-services.ts';

export const registerStdio: Register = (program, runtime, done) => {
  program
    .command('stdio')
    .description('Serves MCP on standard input and output, for clients that start a program.')
    .option('--url <url>', 'bridge to the MCP endpoint of a remote server instead')
    .action(async ({ url }: { url?: string }) => {
      const lines = createLineTransport(runtime.stdin, runtime.stdout);
      if (!runtime.env.TENANTRY_API_KEY)
        runtime.err('TENANTRY_API_KEY is not set: every request will be refused.');
      if (url !== undefined) done(await bridge(url, lines, runtime));
      else {
        const needs = { reach: 'downstreams' } as const;
        done(await withServices(runtime, (services) => serve(services, lines, runtime), needs));
      }
    });
};

async function serve(services: Services, lines: LineTransport, runtime: Runtime): Promise<ExitCode> {
  const { env } = runtime;
  const credentials = {
    apiKey: env.TENANTRY_API_KEY || undefined,
    organizationId: env.TENANTRY_ORGANIZATION_ID || undefined,
  };
  const { mcp, identify, slot, config } = services;
  const organizationHeader = config.server.organizationHeader.toLowerCase();
  const deps = { ...mcp, identify, slot, organizationHeader };
  await serveMcpStdio(lines, credentials, deps, runtime.stopRequested());
  return 0;
}

async function bridge(url: string, lines: LineTransport, runtime: Runtime): Promise<ExitCode> {
  const { env, err } = runtime;
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    err('--url: expected an http or https URL such as https://tenantry.example.com/mcp');
    return 2;
  }
  if (!guardKey(new URL(url), runtime)) return 78;
  const headers: Record<string, string> = {};
  if (env.TENANTRY_API_KEY) headers.authorization = `Bearer ${env.TENANTRY_API_KEY}`;
  if (env.TENANTRY_ORGANIZATION_ID) headers['x-organization-id'] = env.TENANTRY_ORGANIZATION_ID;
  await bridgeStdio(lines, { url: new URL(url), headers }, fetch);
  return 0;
}
