import { sql } from '../connection/drizzle.ts';
import { audit } from '../schema/schema.ts';

/**
 * The chain in segments of 128 rows. The audit's index begins with the segment, so that new rows of ten thousand
 * organisations go to the same few pages while their requests wait. One organisation's rows are then searched segment
 * by segment, with one seek each.
 */
export const segmentOf = (seq: number): number => Math.floor(seq / 128);

/** Whether a row is within `firstSegment` to `lastSegment`. */
export const inSegments = sql`(${audit.seq} >> 7) IN (
  WITH RECURSIVE segment (value) AS (
    SELECT ${sql.placeholder('lastSegment')} UNION ALL
    SELECT value - 1 FROM segment WHERE value > ${sql.placeholder('firstSegment')}
  ) SELECT value FROM segment
)`;
