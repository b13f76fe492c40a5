import { hash } from 'node:crypto';
import type { AuditRow } from '../audit-event.ts';

type AuditValue = string | number | null;

/** The parts of a row in the chain, for its store and its verifier. */
export const auditChain = {
  /** The fields of a row in their fixed order, which is that of the columns too. */
  values: (row: AuditRow): readonly AuditValue[] => [
    row.kind,
    row.at,
    row.requestId,
    row.organizationId,
    row.tier,
    row.keyId,
    row.keyPrefix,
    row.userId,
    row.createdBy,
    row.onBehalfOf,
    row.method,
    row.target,
    row.tool,
    row.status,
    row.errorCode,
    row.durationMs,
    row.clientAddress,
    row.clientName,
    row.era,
    row.change,
  ],
  /** SHA-256 over the previous row's hash and this row's place and values, in hex. */
  hash: (previous: string, seq: number, values: readonly AuditValue[]): string =>
    hash('sha256', JSON.stringify([previous, seq, ...values])),
};

export type AuditChain = typeof auditChain;
