import { execFileSync } from 'node:child_process';
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { onTestFinished, type TestContext, test } from 'vitest';
import { startTwoTenants } from '../support/start-app.ts';
import { keepAnswers } from './faults/ledger-of-answers.ts';
import { watchConnections } from './faults/own-connections.ts';
import { createMeasure, type Fault, playRound } from './faults/play-round.ts';
import { probe } from './faults/probe.ts';
import { startSubject } from './faults/subjects.ts';
import { trials } from './support/depth.ts';
import { notMeasured, prove } from './support/proof.ts';

const MIB = 1024 * 1024;

/** A server in this process, so that the limits of its own connections can be set. */
async function startInside() {
  const connectionsOf = watchConnections();
  const app = await startTwoTenants({ config: { keys: { maxPerOrganization: 100_000 } } });
  const manager = await app.mint(app.acme, { additionalScopes: ['key:read', 'key:write'] });
  const subject = { ...app, defaultKey: app.acme.defaultKey, managerKey: manager.plaintext };
  const connections = connectionsOf(join(app.dataDir, 'tenantry.db'));
  if (connections.length !== 2) throw new Error(`found ${connections.length} connections that write`);
  const pragma = (text: string) => connections.forEach((connection) => void connection.pragma(text));
  return { subject, pragma, pages: () => Number(connections[0]?.pragma('page_count', { simple: true })) };
}

test('a database that may not grow is 503 for what needs room, and goes on once there is some', async (context) => {
  const { subject, pragma, pages } = await startInside();
  const full: Fault = {
    name: 'max_page_count',
    begin: () => pragma(`max_page_count = ${pages()}`),
    end: () => pragma('max_page_count = 4294967294'),
    codes: ['STORE_UNAVAILABLE'],
    ready: 200,
    maySucceed: true,
  };
  await playInside(context, subject, full, {
    id: 'faults.max-page-count',
    property:
      'A call whose row does not fit is 503, what was acknowledged is there, and it goes on by itself.',
  });
});

test('a database that may only be read is 503, and goes on once it may be written', async (context) => {
  const { subject, pragma } = await startInside();
  const readOnly: Fault = {
    name: 'query_only',
    begin: () => pragma('query_only = ON'),
    end: () => pragma('query_only = OFF'),
    codes: ['STORE_UNAVAILABLE'],
    ready: 200,
  };
  await playInside(context, subject, readOnly, {
    id: 'faults.sqlite-readonly',
    property: 'Where SQLite says SQLITE_READONLY every call is 503, and it goes on by itself afterwards.',
  });
});

type Inside = Awaited<ReturnType<typeof startInside>>['subject'];
type Row = { readonly id: string; readonly property: string };

async function playInside(context: TestContext, subject: Inside, fault: Fault, row: Row): Promise<void> {
  const answers = keepAnswers();
  const measure = createMeasure();
  const failures: string[] = [];
  const rounds = trials({ planted: 1, ci: 2, full: 50 });
  for (let round = 0; round < rounds; round += 1) {
    failures.push(...(await playRound(subject, fault, 400, answers, measure)));
  }
  failures.push(...(await answers.missingRows(subject.dataDir)), ...measure.tooLate());
  const measured = { ...measure.summary(), acknowledged: answers.acknowledged };
  prove(context, { ...row, trials: rounds, unit: 'rounds', failures, measured });
}

test('a disk that is full is 503, and the server goes on once there is room', async (context) => {
  const row = {
    id: 'faults.disk-full',
    property: 'On a disk without room every call that needs some is 503, none acknowledged is lost.',
  };
  const dataDir = mountSmallDisk();
  if (dataDir === undefined) {
    return notMeasured(context, { ...row, why: 'no small file system can be mounted here (needs root)' });
  }
  const filler = join(dataDir, 'filler');
  await playOutside(context, dataDir, row, (storeFile) => ({
    name: 'disk full',
    begin() {
      // Room that the log has already is room.
      emptyLog(storeFile);
      fill(filler);
    },
    end: () => rmSync(filler),
    codes: ['STORE_UNAVAILABLE'],
    ready: null,
    maySucceed: true,
  }));
});

/** Too small for much, large enough for the log between two checkpoints. */
function mountSmallDisk(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'tenantry-disk-'));
  const isMounted = succeeds('mount', ['-t', 'tmpfs', '-o', 'size=12m,mode=0700', 'tmpfs', folder]);
  onTestFinished(() => {
    if (isMounted) execFileSync('umount', ['--lazy', folder]);
    rmSync(folder, { recursive: true });
  });
  return isMounted ? folder : undefined;
}

function succeeds(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, args, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function emptyLog(storeFile: string): void {
  const database = new Database(storeFile, { timeout: 5000 });
  database.pragma('wal_checkpoint(TRUNCATE)');
  database.close();
}

function fill(file: string): void {
  const handle = openSync(file, 'w');
  for (let block = MIB; block >= 1; ) {
    try {
      writeSync(handle, Buffer.alloc(block));
    } catch {
      block = Math.floor(block / 4);
    }
  }
  closeSync(handle);
}

test('a store that became immutable is 503, and the server goes on once it may be written', async (context) => {
  const row = {
    id: 'faults.read-only',
    property: 'Where the system refuses every write to the store each call is 503, and it goes on by itself.',
  };
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-immutable-'));
  onTestFinished(() => rmSync(dataDir, { recursive: true, force: true }));
  if (!canMakeImmutable(dataDir)) {
    return notMeasured(context, { ...row, why: 'files cannot be made immutable here (needs root and ext4)' });
  }
  await playOutside(context, dataDir, row, (storeFile) => {
    const change = (sign: '+' | '-') => execFileSync('chattr', [`${sign}i`, storeFile, `${storeFile}-wal`]);
    onTestFinished(() => void succeeds('chattr', ['-i', storeFile, `${storeFile}-wal`]));
    return {
      name: 'store immutable',
      begin: () => change('+'),
      end: () => change('-'),
      codes: ['STORE_UNAVAILABLE'],
      ready: 200,
    };
  });
});

/** Some file systems take the mark and go on writing to what is open. */
function canMakeImmutable(folder: string): boolean {
  const file = join(folder, 'probe');
  writeFileSync(file, 'x');
  const handle = openSync(file, 'r+');
  const isMarked = succeeds('chattr', ['+i', file]);
  try {
    writeSync(handle, 'y');
    return false;
  } catch {
    return isMarked;
  } finally {
    closeSync(handle);
    if (isMarked) execFileSync('chattr', ['-i', file]);
    rmSync(file);
  }
}

async function playOutside(
  context: TestContext,
  dataDir: string,
  row: Row,
  faultOn: (storeFile: string) => Fault,
): Promise<void> {
  const subject = await startSubject(dataDir);
  const answers = keepAnswers();
  const measure = createMeasure();
  const failures: string[] = [];
  const fault = faultOn(subject.storeFile);
  const rounds = trials({ planted: 1, ci: 2, full: 40 });
  for (let round = 0; round < rounds; round += 1) {
    failures.push(...(await playRound(subject, fault, 600, answers, measure)));
  }
  const last = await probe('whoami on REST', subject);
  if (last.status !== 200) failures.push(`in the end: ${last.status}`);
  failures.push(...(await subject.stop()), ...measure.tooLate(), ...(await answers.missingRows(dataDir)));
  const measured = { ...measure.summary(), acknowledged: answers.acknowledged };
  prove(context, { ...row, trials: rounds, unit: 'rounds', failures, measured });
}
