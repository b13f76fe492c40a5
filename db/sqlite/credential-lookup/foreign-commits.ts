import type Database from 'better-sqlite3';

/**
 * Runs `read` where another connection than `own`, of any process, has committed since the last run. SQLite tells it
 * from the memory that all connections share, without reading the file
 * (https://www.sqlite.org/pragma.html#pragma_data_version). A run that throws is repeated.
 */
export function afterForeignCommits(own: Database.Database, read: () => void): () => void {
  const commits = own.prepare<[], number>('PRAGMA data_version').pluck();
  let seen: number | undefined;
  return () => {
    // Asked for first: what is committed while `read` runs is read again.
    const version = commits.get();
    if (version === seen) return;
    read();
    seen = version;
  };
}
