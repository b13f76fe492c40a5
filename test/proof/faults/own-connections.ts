import Database from 'better-sqlite3';
import { onTestFinished, vi } from 'vitest';

/**
 * The writing connections that are opened from now on in this process, by file. Nothing of them is changed by looking:
 * limits such as `max_page_count` hold for one connection alone, so that nobody can set them from outside.
 */
export function watchConnections(): (file: string) => Database.Database[] {
  const opened = new Set<Database.Database>();
  const pragma = Database.prototype.pragma;
  const spy = vi.spyOn(Database.prototype, 'pragma').mockImplementation(function (
    this: Database.Database,
    ...given: Parameters<typeof pragma>
  ) {
    opened.add(this);
    return pragma.apply(this, given);
  });
  onTestFinished(() => spy.mockRestore());
  return (file) => [...opened].filter(({ name, open, readonly }) => open && !readonly && name === file);
}
