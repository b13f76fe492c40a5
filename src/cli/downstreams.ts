import { fingerprint, readApproved, writeApproved } from '../mcp-tools/approved-tools.ts';
import { listUpstream } from '../mcp-tools/upstream.ts';
import { printable } from '../printable.ts';
import { type JsonOption, jsonOption, printJson } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { requireConfig, sentenceOf } from './with-services.ts';

export const registerDownstreams: Register = (program, runtime, done) => {
  program
    .command('downstreams')
    .description('Looks after the other MCP servers whose tools are offered.')
    .command('approve')
    .description(
      'Shows what changed in the tools of a server since they were approved, and approves it with --yes.',
    )
    .argument('<prefix>', 'as in the configuration')
    .option('--yes', 'approves what the server says now; the next start serves it')
    .option(...jsonOption)
    .action(async (prefix: string, options: ApproveOptions) => done(await approve(prefix, options, runtime)));
};

type ApproveOptions = JsonOption & { readonly yes?: boolean };

async function approve(prefix: string, { yes, json }: ApproveOptions, runtime: Runtime): Promise<ExitCode> {
  const config = requireConfig(runtime);
  if (config === undefined) return 78;
  const settings = config.downstreams.find((each) => each.prefix === prefix);
  if (settings === undefined || 'openapi' in settings) {
    runtime.err(`There is no MCP server under the prefix ${printable(prefix)}.`);
    return 1;
  }
  try {
    const upstream = await listUpstream(settings, runtime.env);
    const file = config.approvedToolsFile;
    const approved = readApproved(file)[prefix] ?? {};
    const changed = upstream.filter((tool) => approved[tool.name] !== fingerprint(tool));
    if (yes) writeApproved(file, prefix, upstream);
    if (json) printJson(runtime, { prefix, approved: yes === true, changed });
    else {
      for (const { name, title, description, inputSchema } of changed) {
        runtime.out(`${printable(name)}: ${printable(title ?? '')}\n  ${printable(description ?? '')}`);
        runtime.out(`  ${printable(JSON.stringify(inputSchema))}`);
      }
      runtime.out(outcome(changed.length, yes === true));
    }
    return 0;
  } catch (error) {
    runtime.err(sentenceOf(error));
    return 1;
  }
}

function outcome(count: number, isApproved: boolean): string {
  if (count === 0) return 'Nothing changed since it was approved.';
  if (isApproved) return `Approved ${count} changed or new; restart the server to serve them.`;
  return `${count} changed or new: held back until approved with --yes.`;
}
