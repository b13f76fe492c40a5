import { type Command, InvalidArgumentError } from 'commander';
import type { AuditEvent } from '../../audit/audit-event.ts';
import type { AuditFilter } from '../../audit/audit-trail.ts';
import { errorCodes } from '../../errors.ts';
import type { OrganizationId } from '../../ids.ts';
import type { Services } from '../../server/services.ts';
import { sdkCodes } from '../../transport/mcp/sdk-errors.ts';
import { hint } from '../../words/did-you-mean.ts';
import { findOrganization } from '../members/find-organization.ts';
import { parseInstant } from '../parse-option.ts';

export type FilterOptions = {
  readonly org?: string;
  readonly keyPrefix?: string;
  readonly tool?: string;
  readonly code?: string;
  readonly since?: number;
  readonly until?: number;
};

/** Which rows are meant; an organisation of null is the operator's view of all of them. */
export type Selection = { readonly organizationId: OrganizationId | null; readonly filter: AuditFilter };

export const withFilters = (command: Command): Command =>
  command
    .option('--org <id>', 'only rows of this organisation; without it, all rows')
    .option('--key-prefix <prefix>', 'only what this key asked')
    .option('--tool <tool>', 'only calls of this tool')
    .option('--code <code>', 'only answers with this error code', parseCode)
    .option('--since <time>', 'only from this time on (ISO 8601)', parseInstant)
    .option('--until <time>', 'only before this time (ISO 8601)', parseInstant);

const codes = [...errorCodes, ...sdkCodes];

/** A code that no row can have would be answered as if nothing had happened. */
function parseCode(text: string): string {
  if (codes.includes(text)) return text;
  throw new InvalidArgumentError(`Expected an error code${hint(text, codes) || '.'}`);
}

/** @throws NOT_FOUND for an organisation that does not exist */
export async function selectionOf(options: FilterOptions, services: Services): Promise<Selection> {
  const organization = options.org === undefined ? null : await findOrganization(options.org, services);
  const { keyPrefix, tool, code, since, until } = options;
  return {
    organizationId: organization?.id ?? null,
    filter: { keyPrefix, tool, code, sinceMs: since, untilMs: until },
  };
}

/** The same judgement as the store's, for rows that are read in the chain's own order. */
export function isSelected(event: AuditEvent, { organizationId, filter }: Selection): boolean {
  const { keyPrefix, tool, code, sinceMs, untilMs } = filter;
  return (
    (organizationId === null || event.organizationId === organizationId) &&
    (keyPrefix === undefined || event.keyPrefix === keyPrefix) &&
    (tool === undefined || event.tool === tool) &&
    (code === undefined || event.errorCode === code) &&
    (sinceMs === undefined || event.at >= sinceMs) &&
    (untilMs === undefined || event.at < untilMs)
  );
}
