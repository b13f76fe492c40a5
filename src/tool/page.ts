import { z } from 'zod';

/** How many rows a page holds: 1 to 100, 20 unless said. */
export const pageLimit = z.int().min(1).max(100).default(20).describe('Rows to return, 1 to 100.');

/** Where the next page starts, as the page before said; sealed, so that nobody else can use it. */
export const pageCursor = z.string().min(1).max(2000).optional().describe('next_cursor of the page before.');

/** The `next_cursor` of an answer; null at the end. */
export const nextCursor = z
  .string()
  .nullable()
  .describe('Pass it as cursor for the next page; null at the end.');

/** A page and where it ended, from rows of which one more than `limit` was asked for. */
export function cutPage<Row>(found: readonly Row[], limit: number, positionOf: (row: Row) => string) {
  const rows = found.slice(0, limit);
  const last = rows.at(-1);
  return { rows, next_cursor: found.length > limit && last !== undefined ? positionOf(last) : null };
}
