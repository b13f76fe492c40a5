import { setTimeout } from 'node:timers/promises';
import Database from 'better-sqlite3';

/**
 * `node hold-lock.ts FILE MODE HELD_MS PAUSE_MS`: takes the write lock of a store again and again, as another program
 * would, until it is told to end; then it says how often it had it.
 */
const [file = '', mode = 'IMMEDIATE', heldMs = '100', pauseMs = '100'] = process.argv.slice(2);
const database = new Database(file, { timeout: 10_000 });
const stop = new AbortController();
process.once('SIGTERM', () => stop.abort());
let locks = 0;
console.log('ready');
while (!stop.signal.aborted) {
  database.exec(`BEGIN ${mode}`);
  locks += 1;
  await setTimeout(Number(heldMs));
  database.exec('COMMIT');
  await setTimeout(Number(pauseMs));
}
database.close();
console.log(`held ${locks} times`);
