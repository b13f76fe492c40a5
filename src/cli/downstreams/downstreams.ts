import { operatorRow } from '../../audit/operator-row.ts';
import { secretsIn } from '../../config/secrets.ts';
import { createRedactor } from '../../log.ts';
import { printable } from '../../secrets/printable.ts';
import {
  digestOf,
  type Hashes,
  hashesOf,
  isApproved,
  isPinned,
  readApproved,
  writeApproved,
} from '../../tool-sources/approved-tools.ts';
import { unknownNames } from '../../words/did-you-mean.ts';
import { type JsonOption, jsonOption, printJsonToJudge } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { requireConfig, sentenceOf, withServices } from '../with-services.ts';
import { type Offered, readOffers } from './offers.ts';
import { offerLines } from './shown-offers.ts';

export const registerDownstreams: Register = (program, runtime, done) => {
  program
    .command('downstreams')
    .description('Looks after the servers and documents of others whose tools are offered.')
    .command('approve')
    .description(
      'Shows the tools of a server, or of a document by URL, that are new or say something else than was approved, and approves them with --yes.',
    )
    .argument('<prefix>', 'as in the configuration')
    .option('--yes <digest>', 'approves what was shown under this digest; the next start serves it')
    .option(...jsonOption)
    .action(async (prefix: string, options: ApproveOptions) => done(await approve(prefix, options, runtime)));
};

type ApproveOptions = JsonOption & { readonly yes?: string };

async function approve(prefix: string, options: ApproveOptions, runtime: Runtime): Promise<ExitCode> {
  const config = requireConfig(runtime);
  if (config === undefined) return 78;
  const settings = config.downstreams.find((each) => each.prefix === prefix);
  if (settings === undefined) {
    const known = config.downstreams.map((each) => each.prefix);
    runtime.err(`There is no such prefix in "downstreams": ${unknownNames([prefix], known)}`);
    return 1;
  }
  if ('openapi' in settings && !isPinned(settings)) {
    runtime.err(`The document of ${prefix} is a file of your own: what it says is served without approval.`);
    return 1;
  }
  const redact = createRedactor(secretsIn(config, runtime.env));
  try {
    const offered = await readOffers(settings, runtime.env, (line) => runtime.err(redact(line)));
    return await approveOffers(offered, options, config.approvedToolsFile, runtime);
  } catch (error) {
    runtime.err(redact(sentenceOf(error)));
    return 1;
  }
}

async function approveOffers(
  { prefix, source, offers, closed, shown }: Offered,
  { yes, json }: ApproveOptions,
  file: string,
  runtime: Runtime,
): Promise<ExitCode> {
  const approved = readApproved(file)[source] ?? {};
  const changed = offers.filter((offer) => !isApproved(approved, offer));
  const digest = digestOf(source, offers);
  if (yes !== undefined && yes !== digest) {
    runtime.err(`The offer does not match ${printable(yes)}; look at it again.`);
    return 1;
  }
  if (yes !== undefined) {
    const code = await noteApproval(
      prefix,
      changed.map(({ name }) => name),
      runtime,
    );
    if (code !== 0) return code;
    writeApproved(file, source, { ...unchanged(approved, closed), ...hashesOf(offers) });
  }
  const isYes = yes !== undefined;
  if (json) printJsonToJudge(runtime, { prefix, digest, approved: isYes, changed: changed.map(shown) });
  else {
    for (const [index, offer] of changed.entries()) {
      const state = Object.hasOwn(approved, offer.name) ? 'changed' : 'new';
      runtime.out(`${index + 1} of ${changed.length}, ${state}:`);
      for (const line of offerLines(shown(offer))) runtime.out(line);
    }
    runtime.out(outcome(changed.length, isYes, `${prefix} --yes ${digest}`));
  }
  return 0;
}

/** Approved tools that are not shown and still exist. */
const unchanged = (approved: Hashes, closed: Offered['closed']): Hashes =>
  Object.fromEntries(Object.entries(approved).filter(([name]) => closed.has(name)));

/** The audit row comes before the approval, so that no approval lacks one. */
const noteApproval = (prefix: string, tools: readonly string[], runtime: Runtime) =>
  withServices(runtime, async ({ callTool, now }) => {
    const approval = { tier: 'cli', target: 'downstreams approve', organizationId: null } as const;
    await callTool.audit.append(operatorRow({ ...approval, nowMs: now(), change: { prefix, tools } }));
    return 0;
  });

function outcome(count: number, isApproved: boolean, command: string): string {
  if (count === 0) return 'Nothing changed since it was approved.';
  if (isApproved) return `Approved ${count} changed or new; restart the server to serve them.`;
  return `${count} changed or new: held back until "tenantry downstreams approve ${command}".`;
}
