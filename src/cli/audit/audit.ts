import type { Command } from 'commander';
import { type AuditEvent, auditLine } from '../../audit/audit-event.ts';
import { auditToWire } from '../../audit/audit-wire.ts';
import { printable } from '../../secrets/printable.ts';
import type { Services } from '../../server/services.ts';
import { isoTime } from '../../time.ts';
import { gather, parseChainHead, parsePastInstant, parseWholeNumber } from '../parse-option.ts';
import { type JsonOption, jsonOption, jsonText, writeText } from '../print.ts';
import type { ExitCode, Register, Runtime } from '../runtime.ts';
import { shortened } from '../table.ts';
import { withServices } from '../with-services.ts';
import { exportAudit } from './audit-export.ts';
import { type FilterOptions, selectionOf, withFilters } from './audit-filter.ts';
import { type PruneOptions, pruneAudit } from './audit-prune.ts';
import { type VerifyOptions, verifyAudit } from './audit-verify.ts';

type ListOptions = FilterOptions & JsonOption & { readonly limit: number };

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
    .description('Checks that no row was changed or removed, and says what was pruned.')
    .option('--head <seq:hash>', 'a head kept elsewhere: proves that no tail was cut off', parseChainHead)
    .option('--pruned <file>', 'rows that "prune" removed, for each file once', gather, [])
    .option(...jsonOption)
    .action(async (options: VerifyOptions) =>
      done(await withServices(runtime, (services) => verifyAudit(options, services, runtime))),
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
    .option('--pruned <file>', 'rows that were pruned before unsigned, for each file once', gather, [])
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
    ? [jsonText({ events: events.map(auditToWire) })]
    : events.map((event) => listLine(event, organizationId === null));
  if (events.length === 0 && !options.json) runtime.err('No rows.');
  const isRead = await writeText(
    runtime,
    lines.map((line) => `${line}\n`),
  );
  return isRead ? 0 : 1;
}

/** Shows a row's organisation only in the list of all organisations. */
function listLine(event: AuditEvent, ofAll: boolean): string {
  const { at, organizationId, change } = event;
  const organization = ofAll ? `${(organizationId ?? '-').padEnd(ORGANIZATION_ID_LENGTH)} ` : '';
  const changed = change === null ? '' : ` ${shortened(change, LONGEST_CHANGE)}`;
  return printable(`${isoTime(at)} ${organization}${auditLine(event)}${changed}`);
}
