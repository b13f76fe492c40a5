import type { exposedToPrograms } from '../config/secrets.ts';
import type { Log } from '../log.ts';

export type ToolReport = {
  readonly prefix: string;
  readonly tools: number;
  readonly unscoped: readonly string[];
  readonly refused: readonly string[];
  /** How many of `refused` cannot tell the platform the organisation; undefined for none. */
  readonly untold?: number | undefined;
  /** Arguments that could name an organisation by another word than the configured one; undefined for none. */
  readonly rivals?: readonly string[] | undefined;
  /** Tools of a server, or of a document by URL, that are new or changed since they were approved. */
  readonly held: readonly string[];
  /** Whether the source was seen for the first time. Its tools were then approved just now. */
  readonly isFirstSeen: boolean;
};

/** How many names a log line has of each list. JSON lines have all of them. */
const MOST_NAMES = 5;
const MOST_REASONS = 3;

/** What each list of a report means, and whether it is expected. */
const words: Readonly<Record<string, { readonly text: string; readonly isMeant: boolean }>> = {
  unscoped: { text: 'without a scope', isMeant: true },
  refused: { text: 'refused', isMeant: false },
  rivals: { text: 'may name an organisation by another word', isMeant: false },
  held: { text: 'held back until "tenantry downstreams approve {prefix}"', isMeant: false },
};

/**
 * Logs one line per downstream: text for a terminal, fields for JSON. A warning when a tool that should be served is
 * not.
 */
export function logReports(log: Log, reports: readonly ToolReport[], isForPerson: boolean): void {
  for (const report of reports) {
    const level = listsOf(report).every(([name]) => words[name]?.isMeant) ? 'info' : 'warn';
    if (isForPerson) log[level](reportLine(report));
    else log[level](logged(report), `tools of a downstream: ${reportLine(report)}`);
  }
}

/** Warns about each program, by prefix, that can read variables it was not given. */
export function logExposed(log: Log, programs: ReturnType<typeof exposedToPrograms>): void {
  for (const exposed of programs)
    log.warn(exposed, 'a program of the same user can read these variables, and the store: see SECURITY.md');
}

/** The report with self-explanatory field names. */
function logged({ prefix, tools, isFirstSeen, ...lists }: ToolReport): object {
  const { unscoped, refused, untold, rivals, held } = lists;
  return {
    ...{ prefix, tools, isFirstSeen, refused },
    withoutScope: unscoped,
    withoutOrganization: untold,
    otherNamesOfOrganization: rivals,
    awaitingApproval: held,
  };
}

/** `desk: 166 tools served; 1 refused (its body is multipart/form-data, not JSON): upload; 2 without a scope: list, export` */
export function reportLine(report: ToolReport): string {
  const { prefix, tools, isFirstSeen } = report;
  const served = `${tools} ${tools === 1 ? 'tool' : 'tools'} served`;
  const lists = listsOf(report).flatMap(([name, names]) => {
    const { text, isMeant } = words[name] ?? { text: name, isMeant: false };
    const what = text.replace('{prefix}', prefix);
    return isMeant ? [`${names.length} ${what}: ${some(names)}`] : byReason(names, what);
  });
  const first = isFirstSeen ? ['seen for the first time, and approved as it is'] : [];
  return `${prefix}: ${[served, ...first, ...lists].join('; ')}`;
}

/** Every non-empty list of the report, with its field's name. */
const listsOf = (report: ToolReport): [string, readonly string[]][] =>
  Object.entries(report).filter(
    (entry): entry is [string, readonly string[]] => Array.isArray(entry[1]) && entry[1].length > 0,
  );

/** Groups `name: reason` entries by their reason. */
function byReason(names: readonly string[], what: string): string[] {
  const groups = [...Map.groupBy(names, (name) => /: (.*)$/s.exec(name)?.[1])];
  const parts = groups.slice(0, MOST_REASONS).map(([reason, alike]) => {
    const ids = alike.map((name) => (reason === undefined ? name : name.slice(0, -reason.length - 2)));
    return `${alike.length} ${what}${reason === undefined ? '' : ` (${reason})`}: ${some(ids)}`;
  });
  const rest = groups.slice(MOST_REASONS).flatMap(([, alike]) => alike).length;
  return rest === 0 ? parts : [...parts, `${rest} more ${what} for other reasons`];
}

function some(names: readonly string[]): string {
  const more = names.length - MOST_NAMES;
  const shown = names.slice(0, MOST_NAMES).join(', ');
  return more > 0 ? `${shown} and ${more} more` : shown;
}
