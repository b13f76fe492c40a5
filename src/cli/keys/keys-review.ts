import { styleText } from 'node:util';
import type { Command } from 'commander';
import { type Severity, severities } from '../../keys/review/finding.ts';
import { findingToWire, type WordedFinding } from '../../keys/review/review-wire.ts';
import type { Services } from '../../server/services.ts';
import { reviewKeyspace } from '../../tool/context/review-keyspace.ts';
import { findOrganization } from '../members/find-organization.ts';
import { parseWholeNumber } from '../parse-option.ts';
import { jsonOption, printJson } from '../print.ts';
import type { ExitCode, Runtime } from '../runtime.ts';
import { shortened, tableLines } from '../table.ts';
import { withServices } from '../with-services.ts';
import { type KeyspaceOption, requireKeyspaceOption, withKeyspaceOption } from './operate-keys.ts';
import { renderCommand } from './render-command.ts';

type ReviewOptions = KeyspaceOption & { readonly unusedDays: number };

const LONGEST_NAME = 20;

const header = ['#', 'SEVERITY', 'FINDING', 'KEY', 'NAME', 'OWNER', 'AGE', 'LAST USED', 'EXPIRES'];

const colors = { high: 'red', medium: 'yellow', low: 'cyan' } as const satisfies Record<Severity, string>;

export function registerReview(keys: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  const command = withKeyspaceOption(keys.command('review'))
    .description(
      'Judges every key of the organisation by what it really did, the worst first; ends with 1 where something is of severity high.',
    )
    .option(
      '--unused-days <days>',
      'days without use after which a key or a scope counts as unused',
      parseWholeNumber(1, 365),
      30,
    )
    .option(...jsonOption);
  command.action(async (options: ReviewOptions) => {
    requireKeyspaceOption(command, options);
    done(
      await withServices(
        runtime,
        async (services) => {
          const found = await review(options, services);
          const findings = found.map((each) => ({ ...each, command: renderCommand(each) }));
          if (options.json) printJson(runtime, { findings: findings.map(findingToWire) });
          else printFindings(findings, runtime);
          return findings.some(({ severity }) => severity === 'high') ? 1 : 0;
        },
        { reach: 'downstreams' },
      ),
    );
  });
}

async function review({ org, unusedDays }: ReviewOptions, services: Services) {
  // The operator's keyspace has no default key, so it lacks none.
  if (org === undefined)
    return reviewKeyspace('operator', { unusedDays, isActive: false }, services.callTool);
  const { id, status } = await findOrganization(org, services);
  return reviewKeyspace(id, { unusedDays, isActive: status === 'active' }, services.callTool);
}

function printFindings(findings: readonly WordedFinding[], runtime: Runtime): void {
  if (findings.length === 0) {
    runtime.out('Nothing to do: no key needs attention.');
    return;
  }
  const paint = painter(runtime);
  const [head = '', ...lines] = tableLines(header, findings.map(toRow));
  runtime.out(`${counts(findings)}\n\n${head}`);
  for (const [index, line] of lines.entries())
    runtime.out(line, (safe) => paint(safe, findings[index]?.severity));
  runtime.out('\nWhat to do:');
  for (const [index, { advice, command }] of findings.entries()) {
    runtime.out(`${String(index + 1).padStart(3)}  ${advice}\n     npx ${command}`);
  }
}

/** `3 findings: 1 high, 2 low` */
function counts(findings: readonly WordedFinding[]): string {
  const parts = severities
    .map((severity) => [findings.filter((each) => each.severity === severity).length, severity] as const)
    .filter(([count]) => count > 0);
  const noun = findings.length === 1 ? 'finding' : 'findings';
  return `${findings.length} ${noun}: ${parts.map((part) => part.join(' ')).join(', ')}`;
}

function toRow({ severity, summary, key, ageDays }: WordedFinding, index: number): readonly string[] {
  const ofKey =
    key === null
      ? ['(organisation)', '', '', '', '', '']
      : [
          key.prefix,
          shortened(key.name, LONGEST_NAME) + (key.isDefault ? ' *' : ''),
          key.owner === 'operator' ? '-' : shortened(key.owner, LONGEST_NAME),
          `${ageDays ?? 0}d`,
          dayOrNever(key.lastUsedAtMs),
          dayOrNever(key.expiresAtMs),
        ];
  return [String(index + 1), severity, summary, ...ofKey];
}

const dayOrNever = (ms: number | null): string =>
  ms === null ? 'never' : new Date(ms).toISOString().slice(0, 10);

/** Colours the severity, where a person reads it at a terminal and does not mind (https://no-color.org). */
function painter({ isTerminal, env }: Runtime): (line: string, severity: Severity | undefined) => string {
  if (!isTerminal || (env.NO_COLOR !== undefined && env.NO_COLOR !== '')) return (line) => line;
  return (line, severity = 'low') =>
    line.replace(severity, styleText(colors[severity], severity, { validateStream: false }));
}
