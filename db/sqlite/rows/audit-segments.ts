import { sql } from './drizzle.ts';
import { audit } from './schema.ts';

/**
 * The chain in segments of 128 rows. The index of the audit has the segment first, so that rows of ten thousand
 * organisations, each of which a request waits for, go to the same few pages; one organisation's rows are then
 * looked for in one segment after the other, a seek for each.
 */
export const segmentOf = (seq: number): number => Math.floor(seq / 128);

/** Whether a row is in one of the segments from the first to the last. */
export const inSegments = sql`(${audit.seq} >> 7) IN (
  WITH RECURSIVE segment (value) AS (
    SELECT ${sql.placeholder('lastSegment')} UNION ALL
    SELECT value - 1 FROM segment WHERE value > ${sql.placeholder('firstSegment')}
  ) SELECT value FROM segment
)`;
