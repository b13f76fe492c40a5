import { randomInt } from 'node:crypto';
import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { type Answers, keepAnswers } from './faults/ledger-of-answers.ts';
import { createMeasure, type Fault, playRound } from './faults/play-round.ts';
import { knownProbes, probe, type Subject } from './faults/probe.ts';
import { startSubject } from './faults/subjects.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

/** Of each, the page from which all others are found, so that no search misses the damage. */
const objects = ['the index of key hashes', 'keys', 'audit', 'an index of audit'] as const;

type Page = { readonly object: (typeof objects)[number]; readonly offset: number; readonly bytes: Buffer };

test('a damaged page is 503 for each request that needs it, never 401, and is read anew once it is whole', async (context) => {
  const subject = await startSubject();
  const answers = keepAnswers();
  const measure = createMeasure();
  const failures: string[] = [];
  const turns = trials({ planted: 1, ci: 1, full: 10 });
  for (let turn = 0; turn < turns; turn += 1) {
    for (const object of objects) {
      for (const [how, damage] of Object.entries(damages)) {
        const fault = damaged(subject, answers, object, how, damage);
        failures.push(...(await playRound(subject, fault, 200, answers, measure)));
      }
    }
  }
  failures.push(
    ...(await subject.stop()),
    ...measure.tooLate(),
    ...(await answers.missingRows(subject.dataDir)),
  );
  prove(context, {
    id: 'faults.damaged-page',
    property: 'Whoever needs a damaged page is answered 503, and rightly again once the page is whole.',
    trials: turns * objects.length * Object.keys(damages).length,
    unit: 'rounds',
    failures,
    measured: { ...measure.summary(), acknowledged: answers.acknowledged },
    note: 'SQLite keeps no checksums: a page that was changed and is still well formed is believed.',
  });
});

const damages: Readonly<Record<string, (length: number) => Buffer>> = {
  zeros: (length) => Buffer.alloc(length),
  noise: (length) => Buffer.from(Array.from({ length }, () => randomInt(0x10, 0x100))),
};

function damaged(
  subject: Subject & { readonly storeFile: string },
  answers: Answers,
  object: Page['object'],
  how: string,
  damage: (length: number) => Buffer,
): Fault {
  const { storeFile } = subject;
  let page: Page | undefined;
  return {
    name: `${object}, ${how}`,
    async begin() {
      // A new key clears the memory of keys, so each is looked for in the file.
      answers.keep(await probe('mint', subject));
      page = readRoot(storeFile, object);
      write(storeFile, page.offset, damage(page.bytes.length));
    },
    end() {
      if (page !== undefined) write(storeFile, page.offset, page.bytes);
    },
    codes: ['STORE_UNAVAILABLE'],
    ready: null,
    // Where the index is whole, it says rightly that there is no such key.
    probes: object === 'the index of key hashes' ? [...knownProbes, 'unknown key'] : knownProbes,
    maySucceed: true,
  };
}

const rootOf: Readonly<Record<Page['object'], string>> = {
  'the index of key hashes': `SELECT s.rootpage FROM sqlite_schema s, pragma_index_info(s.name) i
    WHERE s.type = 'index' AND s.tbl_name = 'keys' AND i.name = 'hash'`,
  keys: "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'keys'",
  audit: "SELECT rootpage FROM sqlite_schema WHERE type = 'table' AND name = 'audit'",
  'an index of audit':
    "SELECT rootpage FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'audit' LIMIT 1",
};

/** With the log played into the file, so that the page is read from there. */
function readRoot(storeFile: string, object: Page['object']): Page {
  const database = new Database(storeFile, { timeout: 5000 });
  try {
    database.pragma('wal_checkpoint(TRUNCATE)');
    const rootPage = database.prepare<[], number>(rootOf[object]).pluck().get();
    if (rootPage === undefined) throw new Error(`${object} was not found`);
    const bytes = Buffer.alloc(Number(database.pragma('page_size', { simple: true })));
    const offset = (rootPage - 1) * bytes.length;
    const handle = openSync(storeFile, 'r');
    readSync(handle, bytes, 0, bytes.length, offset);
    closeSync(handle);
    return { object, offset, bytes };
  } finally {
    database.close();
  }
}

function write(file: string, offset: number, bytes: Buffer): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, bytes, 0, bytes.length, offset);
  closeSync(handle);
}
