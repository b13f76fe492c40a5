import { operatorRow } from '../audit/operator-row.ts';
import {
  digestOf,
  fingerprint,
  readApproved,
  serverName,
  type UpstreamTool,
  writeApproved,
} from '../mcp-tools/approved-tools.ts';
import { printable } from '../printable.ts';
import { type JsonOption, jsonOption, printJson } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { requireConfig, sentenceOf, withServices } from './with-services.ts';

export const registerDownstreams: Register = (program, runtime, done) => {
  program
    .command('downstreams')
    .description('Looks after the other MCP servers whose tools are offered.')
    .command('approve')
    .description(
      'Shows the tools of a server that are new, or say something else than was approved, and approves them with --yes.',
    )
    .argument('<prefix>', 'as in the configuration')
    .option('--yes <digest>', 'approves what was shown under this digest; the next start serves it')
    .option(...jsonOption)
    .action(async (prefix: string, options: ApproveOptions) => done(await approve(prefix, options, runtime)));
};

type ApproveOptions = JsonOption & { readonly yes?: string };

async function approve(prefix: string, { yes, json }: ApproveOptions, runtime: Runtime): Promise<ExitCode> {
  const config = requireConfig(runtime);
  if (config === undefined) return 78;
  const settings = config.downstreams.find((each) => each.prefix === prefix);
  if (settings === undefined || 'openapi' in settings) {
    runtime.err(`There is no MCP server under the prefix ${printable(prefix)}.`);
    return 1;
  }
  try {
    const { listUpstream } = await import('../mcp-tools/upstream.ts');
    const upstream = await listUpstream(settings, runtime.env);
    const file = config.approvedToolsFile;
    const approved = readApproved(file)[serverName(settings)] ?? {};
    const changed = upstream.filter((tool) => approved[tool.name] !== fingerprint(tool));
    const digest = digestOf(upstream);
    if (yes !== undefined && yes !== digest) {
      runtime.err(`The server says something else than what ${printable(yes)} stands for; look at it again.`);
      return 1;
    }
    if (yes !== undefined) {
      const code = await noteApproval(prefix, changed, runtime);
      if (code !== 0) return code;
      writeApproved(file, serverName(settings), upstream);
    }
    if (json) printJson(runtime, { prefix, digest, approved: yes !== undefined, changed });
    else {
      for (const { name, title, description, ...rest } of changed) {
        runtime.out(`${printable(name)}: ${printable(title ?? '')}\n  ${printable(description ?? '')}`);
        const { inputSchema, outputSchema, annotations } = rest;
        runtime.out(`  ${printable(JSON.stringify({ inputSchema, outputSchema, annotations }))}`);
      }
      runtime.out(outcome(changed.length, yes !== undefined, `${prefix} --yes ${digest}`));
    }
    return 0;
  } catch (error) {
    runtime.err(sentenceOf(error));
    return 1;
  }
}

/** What is not in the audit did not happen: the row comes first. */
const noteApproval = (prefix: string, changed: readonly UpstreamTool[], runtime: Runtime) =>
  withServices(runtime, async ({ callTool, now }) => {
    const change = { prefix, tools: changed.map(({ name }) => name) };
    const act = { tier: 'cli', target: 'downstreams approve', organizationId: null } as const;
    await callTool.audit.append(operatorRow({ ...act, nowMs: now(), change }));
    return 0;
  });

function outcome(count: number, isApproved: boolean, command: string): string {
  if (count === 0) return 'Nothing changed since it was approved.';
  if (isApproved) return `Approved ${count} changed or new; restart the server to serve them.`;
  return `${count} changed or new: held back until "tenantry downstreams approve ${command}".`;
}
