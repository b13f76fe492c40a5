import { createHash } from 'node:crypto';
import Database from 'better-sqlite3';

/** More words would cost time without improving results. */
const MAX_WORDS = 32;
const MAX_TEXT = 4000;

type SearchWords = (text: string) => readonly string[];

/**
 * Splits a text into words exactly as the search index does. SQLite has its own Unicode tables, which differ from
 * JavaScript's, so an in-memory index splits everything beyond ASCII.
 */
export function createSearchWords(): SearchWords {
  const memory = new Database(':memory:');
  memory.exec(`
    CREATE VIRTUAL TABLE probe USING fts5(text, tokenize = 'unicode61 remove_diacritics 2');
    CREATE VIRTUAL TABLE probe_word USING fts5vocab(probe, instance);
  `);
  const put = memory.prepare('INSERT INTO probe (rowid, text) VALUES (1, ?)');
  const words = memory.prepare<[], string>('SELECT term FROM probe_word ORDER BY offset').pluck();
  const remove = memory.prepare('DELETE FROM probe');
  const ask = memory.transaction((text: string) => {
    put.run(text);
    const found = words.all();
    remove.run();
    return found;
  });

  return (text) => {
    const start = text.slice(0, MAX_TEXT);
    const all = isAscii(start) ? (start.toLowerCase().match(/[a-z0-9]+/g) ?? []) : ask(start);
    return [...new Set(all)].slice(0, MAX_WORDS);
  };
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: all of ASCII is meant, its control characters too.
const isAscii = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

/** The organisation as one word that no tokenizer splits. It is a hash, so that no name can equal it. */
export function organizationToken(organizationId: string): string {
  return `o${createHash('sha256').update(organizationId).digest('hex')}`;
}
