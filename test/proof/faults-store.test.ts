import { copyFileSync, linkSync, mkdirSync, renameSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { test } from 'vitest';
import { type Program, startServer } from '../support/program.ts';
import { keepAnswers } from './faults/ledger-of-answers.ts';
import { createMeasure, type Fault, playRound } from './faults/play-round.ts';
import { knownProbes, type ProbeName, probe, type Subject } from './faults/probe.ts';
import { startSubject } from './faults/subjects.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const everyProbe: readonly ProbeName[] = [...knownProbes, 'unknown key'];

test('a store that another process holds on is 503 after its time, for as long as it is held', async (context) => {
  const subject = await startSubject(undefined, { store: { busyTimeoutMs: 100 } });
  const answers = keepAnswers();
  const measure = createMeasure();
  const failures: string[] = [];
  const rounds = trials({ planted: 1, ci: 2, full: 40 });
  const hand = new Database(subject.storeFile, { timeout: 5000 });
  const held: Fault = {
    name: 'write lock held',
    begin: () => hand.exec('BEGIN IMMEDIATE'),
    end: () => hand.exec('COMMIT'),
    codes: ['STORE_BUSY'],
    ready: 200,
  };
  for (let round = 0; round < rounds; round += 1) {
    failures.push(...(await playRound(subject, held, 1500, answers, measure)));
  }
  hand.close();
  failures.push(
    ...(await subject.stop()),
    ...measure.tooLate(),
    ...(await answers.missingRows(subject.dataDir)),
  );
  prove(context, {
    id: 'faults.lock',
    property:
      'While another process holds the write lock for longer than store.busyTimeoutMs (here 100), every call is 503 STORE_BUSY, and works afterwards.',
    trials: rounds,
    unit: 'rounds',
    failures,
    measured: { ...measure.summary(), acknowledged: answers.acknowledged },
  });
});

test('a store whose files are gone from under their names is 503, until the very same are back', async (context) => {
  const subject = await startSubject();
  const answers = keepAnswers();
  const measure = createMeasure();
  const failures: string[] = [];
  const turns = trials({ planted: 1, ci: 1, full: 20 });
  for (let turn = 0; turn < turns; turn += 1) {
    for (const fault of goneFaults(subject.storeFile)) {
      failures.push(...(await playRound(subject, fault, 250, answers, measure)));
    }
  }
  failures.push(
    ...(await subject.stop()),
    ...measure.tooLate(),
    ...(await answers.missingRows(subject.dataDir)),
  );
  prove(context, {
    id: 'faults.store-gone',
    property: 'No request is let in, and none acknowledged, while the store is deleted, moved or replaced.',
    trials: turns * goneFaults('').length,
    unit: 'rounds',
    failures,
    measured: { ...measure.summary(), acknowledged: answers.acknowledged },
    note: 'A file that is overwritten in place is not told from one that the program wrote.',
  });
});

/** The same file comes back each time, since a file that another name still bears is not given up. */
function goneFaults(file: string): Fault[] {
  const gone = (name: string, begin: () => void, end: () => void): Fault => ({
    ...{ name, begin, end, codes: ['STORE_UNAVAILABLE'], ready: 503, probes: everyProbe },
  });
  const aside = `${file}.aside`;
  const removed = (name: string, path: string): Fault =>
    gone(
      name,
      () => {
        linkSync(path, aside);
        unlinkSync(path);
      },
      () => renameSync(aside, path),
    );
  const folder = dirname(file);
  return [
    removed('store deleted', file),
    gone('store moved', renaming(file, aside), renaming(aside, file)),
    gone('store replaced by its copy', () => replace(file, aside), renaming(aside, file)),
    removed('log deleted', `${file}-wal`),
    removed('lock file deleted', `${file}-shm`),
    gone('folder moved', renaming(folder, `${folder}-aside`), renaming(`${folder}-aside`, folder)),
    gone(
      'another folder in its place',
      () => {
        renameSync(folder, `${folder}-aside`);
        mkdirSync(folder);
        copyFileSync(join(`${folder}-aside`, 'tenantry.db'), file);
      },
      () => {
        rmSync(folder, { recursive: true });
        renameSync(`${folder}-aside`, folder);
      },
    ),
  ];
}

const renaming = (from: string, to: string) => () => renameSync(from, to);

function replace(file: string, aside: string): void {
  linkSync(file, aside);
  copyFileSync(file, `${file}.copy`);
  renameSync(`${file}.copy`, file);
}

test('a log deleted for good costs nothing that was acknowledged, once the server is told to stop', async (context) => {
  const failures: string[] = [];
  const answers = keepAnswers();
  const rounds = trials({ planted: 1, ci: 1, full: 20 });
  const started = await startSubject();
  let server: Program & { readonly url: string } = started;
  let subject: Subject = started;
  for (let round = 0; round < rounds; round += 1) {
    for (let call = 0; call < 20; call += 1) answers.keep(await probe('mint', subject));
    unlinkSync(`${started.storeFile}-wal`);
    const meanwhile = await probe('mint', subject);
    if (meanwhile.status !== 503) failures.push(`minted without a log: ${meanwhile.status}`);
    server.kill('SIGTERM');
    await server.closed;
    server = await startServer(started.env);
    subject = { ...started, url: server.url };
    failures.push(...(await answers.lostKeys(subject)));
  }
  server.kill('SIGTERM');
  await server.closed;
  failures.push(...(await answers.missingRows(subject.dataDir)));
  prove(context, {
    id: 'faults.log-deleted',
    property: 'What was acknowledged before the write-ahead log was deleted is there after a restart.',
    trials: rounds,
    unit: 'restarts',
    failures,
    measured: { acknowledged: answers.acknowledged },
    note: 'A process that is killed instead cannot bring back what stood in the log alone.',
  });
});
