import type { Command } from 'commander';
import { type AuditEvent, auditLine, type ChainHead } from '../audit/audit-event.ts';
import { auditToWire } from '../audit/audit-wire.ts';
import { verifyChain } from '../audit/verify.ts';
import { isoTime } from '../iso-time.ts';
import { printable } from '../printable.ts';
import type { Services } from '../services.ts';
import { exportAudit } from './audit-export.ts';
import { type FilterOptions, selectionOf, withFilters } from './audit-filter.ts';
import { type PruneOptions, pruneAudit } from './audit-prune.ts';
import { formatChainHead, parseChainHead, parsePastInstant, parseWholeNumber } from './parse-option.ts';
import { type JsonOption, jsonOption, printJson, writeText } from './print.ts';
import type { Register } from './program.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { shortened } from './table.ts';
import { withServices } from './with-services.ts';

type ListOptions = FilterOptions & JsonOption & { readonly limit: number };
type VerifyOptions = JsonOption & { readonly head?: ChainHead };

const ORGANIZATION_ID_LENGTH = 30;
const LIST_LIMIT = 50;
const LONGEST_LIST = 10_000;
const LONGEST_CHANGE = 120;

export const registerAudit: Register = (program, runtime, done) => {
  const audit = program.command('audit').description('Shows, exports, verifies and prunes the audit trail.');
  withFilters(audit.command('list'))
    .description('Lists rows, newest first, one line each.')
    .option('--limit <n>', 'the most rows', parseWholeNumber(1, LONGEST_LIST), LIST_LIMIT)
    .option(...jsonOption)
    .action(async (options: ListOptions) =>
      done(await withServices(runtime, (services) => list(options, services, runtime))),
    );
  withFilters(audit.command('export'))
    .description('Writes rows as NDJSON, oldest first, and the chain head SEQ:HASH to standard error.')
    .option(...jsonOption)
    .action(async (options: FilterOptions & JsonOption) =>
      done(await withServices(runtime, (services) => exportAudit(options, services, runtime))),
    );
  registerUpkeep(audit, runtime, done);
};

function registerUpkeep(audit: Command, runtime: Runtime, done: (code: ExitCode) => void): void {
  audit
    .command('verify')
    .description('Checks that no row was changed or removed.')
    .option('--head <seq:hash>', 'a head kept elsewhere: proves that no tail was cut off', parseChainHead)
    .option(...jsonOption)
    .action(async (options: VerifyOptions) =>
      done(await withServices(runtime, (services) => verify(options, services, runtime))),
    );
  audit
    .command('prune')
    .description('Moves the oldest rows from the store to a file and leaves a checkpoint row.')
    .requiredOption(
      '--before <time>',
      'removes rows older than this (ISO 8601)',
      parsePastInstant(runtime.now),
    )
    .requiredOption('--out <file>', 'the file to make; it must not exist')
    .option(...jsonOption)
    .action(async (options: PruneOptions) =>
      done(await withServices(runtime, (services) => pruneAudit(options, services, runtime))),
    );
}

async function list(options: ListOptions, services: Services, runtime: Runtime): Promise<ExitCode> {
  const { organizationId, filter } = await selectionOf(options, services);
  const page = { limit: options.limit };
  const trail = services.store.audit;
  const events =
    organizationId === null
      ? await trail.listForOperator(filter, page)
      : await trail.list(organizationId, filter, page);
  const lines = options.json
    ? [JSON.stringify({ events: events.map(auditToWire) })]
    : events.map((event) => listLine(event, organizationId === null));
  if (events.length === 0 && !options.json) runtime.err('No rows.');
  const isRead = await writeText(
    runtime,
    lines.map((line) => `${line}\n`),
  );
  return isRead ? 0 : 1;
}

/** The row's organisation stands only where the list is of all of them. */
function listLine(event: AuditEvent, ofAll: boolean): string {
  const { at, organizationId, change } = event;
  const organization = ofAll ? `${(organizationId ?? '-').padEnd(ORGANIZATION_ID_LENGTH)} ` : '';
  const changed = change === null ? '' : ` ${shortened(change, LONGEST_CHANGE)}`;
  return printable(`${isoTime(at)} ${organization}${auditLine(event)}${changed}`);
}

async function verify({ json, head: kept }: VerifyOptions, { store }: Services, runtime: Runtime) {
  const report = await verifyChain(store.audit, kept);
  const { ok, rows, brokenAt, openIntents } = report;
  const isPruned = kept !== undefined && brokenAt === kept.seq && kept.seq < report.head.seq - rows;
  const problem = isPruned ? 'the head given lies in rows that were pruned' : report.problem;
  const head = formatChainHead(report.head);
  if (json) {
    printJson(runtime, { ok, rows, head, broken_at: brokenAt, problem, open_intents: openIntents });
    return ok ? 0 : 1;
  }
  if (ok) runtime.out(`ok: ${rows} rows, head ${head}`);
  else runtime.err(isPruned ? `NOT PROVEN: ${problem}.` : `BROKEN at row ${brokenAt}: ${problem}.`);
  for (const requestId of openIntents) {
    runtime.out(`open intent: ${printable(requestId)} was about to write and its outcome is not recorded`);
  }
  return ok ? 0 : 1;
}
