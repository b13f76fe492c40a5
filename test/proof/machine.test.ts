import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished, test } from 'vitest';
import { createLedgerFile } from '../../db/sqlite/recovery/ledger-file.ts';
import { otherWriter } from '../../src/config/own-folder.ts';
import type { KeyRecord } from '../../src/keys/key-record.ts';
import { compileCacheFolder } from '../../src/server/compile-cache.ts';
import { runHere } from '../cli/in-process.ts';
import { canonicalScopes, mint, newKey, provision, START_MS } from '../store/contract/fixtures.ts';
import { changeKey, revokeKey } from '../store/contract/key-changes.ts';
import { openTemporary } from '../store/temporary-store.ts';
import { root, writeConfig } from '../support/fresh-start.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';
import { createRandom, type Random } from './support/random.ts';

function createFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'machine-')));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const inside = ['', 'node_modules', 'node_modules/.cache', 'node_modules/.cache/tenantry'];
const someModes = [0o700, 0o755, 0o711, 0o750, 0o775, 0o777, 0o757, 0o1777, 0o702, 0o720];

/** A program whose folders have modes and a user at random; answers where the cache was not used as it should be. */
function tryCache(random: Random, program: string): string | undefined {
  mkdirSync(join(program, 'node_modules/.cache/tenantry'), { recursive: true });
  const modes = inside.map((place) => {
    const mode = random.pick(someModes);
    chmodSync(join(program, place), mode);
    return mode;
  });
  const { uid } = statSync(program);
  const runner = random.pick([uid, uid, uid + 1]);
  const isOpen = (mode: number, index: number) =>
    (mode & 0o022) !== 0 && ((mode & 0o1000) === 0 || index === inside.length - 1);
  const mayUse = runner === uid && !modes.some(isOpen);
  const isUsed = compileCacheFolder(program, runner) !== undefined;
  rmSync(program, { recursive: true });
  const shown = modes.map((mode) => mode.toString(8)).join(' ');
  return isUsed === mayUse ? undefined : `modes ${shown}, user ${runner} of ${uid}: used ${isUsed}`;
}

test('nobody else can write what the program runs as its compiled code', (context) => {
  const random = createRandom(4711);
  const folder = createFolder();
  const rounds = trials({ planted: 300, ci: 500, full: 20_000 });
  const failures: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const broken = tryCache(random, join(folder, `program-${round}`));
    if (broken !== undefined) failures.push(broken);
  }
  const owners = [1, 2, 1000, 65_534];
  const believed = owners.filter(
    (owner) => otherWriter({ uid: owner, mode: 0o700 }, owner + 1) === undefined,
  );
  prove(context, {
    id: 'machine.cache',
    property: 'compiled code is taken from no folder that another user can write, on any way to it',
    trials: rounds + owners.length,
    unit: 'folders',
    failures: [...failures, ...believed.map((owner) => `a folder of user ${owner} was believed`)],
  });
});

const secret = 'an-argument-that-is-secret';
const program = { command: process.execPath, args: [join(root, 'test/support/telling-program.ts'), secret] };
const behind = {
  builtinTools: false,
  downstreams: [{ prefix: 'p', mcp: program, scopes: { tell: 'agent:read' } }],
};
const commands = [
  ['serve'],
  ['orgs', 'create', 'Acme'],
  ['backup', '--out', 'data/copy'],
  ['restore', 'data/copy'],
  ['serve'],
];
const modesOfOthers = [0o777, 0o775, 0o757, 0o722, 0o702, 0o1777];

test('no file of the stores is anybody else’s to read, nor a folder of theirs to write', async (context) => {
  const mask = process.umask(0);
  onTestFinished(() => void process.umask(mask));
  const failures: string[] = [];
  const { dir, file } = writeConfig({ server: { port: 0 }, ...behind });
  const data = join(dir, 'data');
  const run = (...args: string[]) => runHere(args, { TENANTRY_CONFIG: file }, dir);
  for (const args of commands) {
    const { code, stderr } = await run(...args);
    if (code !== 0) failures.push(`${args.join(' ')}: ${code} ${stderr}`);
    for (const name of readdirSync(data)) {
      const mode = statSync(join(data, name)).mode & 0o777;
      if (mode !== 0o600) failures.push(`${args.join(' ')}: ${name} has mode ${mode.toString(8)}`);
    }
  }
  if (readFileSync(join(data, 'downstreams.lock.json'), 'utf8').includes(secret))
    failures.push('an argument is kept');
  for (const mode of modesOfOthers) {
    chmodSync(data, mode);
    const { code } = await run('orgs', 'list');
    if (code !== 78) failures.push(`a folder of mode ${mode.toString(8)}: ${code}`);
  }
  prove(context, {
    id: 'machine.files',
    property: 'each file of the stores is its owner’s alone, and a folder that others can write is refused',
    trials: commands.length + modesOfOthers.length,
    unit: 'commands',
    noRate: true,
    failures,
  });
});

/** Changes at random, a copy and compactions in between; the copy comes back. Answers what was revived. */
async function bringBack(random: Random, file: string): Promise<string[]> {
  const open = () => openTemporary(file);
  let store = open();
  await store.organizations.ensureCanonicalSet(canonicalScopes, START_MS);
  const { organization } = await provision(store);
  const keys: KeyRecord[] = [];
  for (let count = 0; count < 6; count += 1)
    keys.push(await mint(store, organization.id, newKey(organization.id)));
  const ended = new Set<string>();
  let endedInCopy = new Set<string>();
  let isOlder = false;
  const copyAt = random.whole(20);
  for (let step = 0; step < 30; step += 1) {
    const key = random.pick(keys);
    if (step === copyAt) {
      await store.close();
      copyFileSync(file, `${file}.copy`);
      [endedInCopy, isOlder] = [new Set(ended), false];
      store = open();
    }
    if (random.whole(4) === 0) createLedgerFile(file).compact();
    const isChange = random.whole(3) > 0;
    if (!isChange && ended.has(key.id)) continue;
    await (isChange ? changeKey(store, key, { purpose: `step ${step}` }) : revokeKey(store, key));
    if (!isChange) ended.add(key.id);
    // A key that the copy has revoked already is not brought back by it.
    isOlder ||= !endedInCopy.has(key.id);
  }
  await store.close();
  createLedgerFile(file).compact();
  copyFileSync(`${file}.copy`, file);
  const back = open();
  const coverage = back.recoveryReport?.coverage;
  const failures = coverage === (isOlder ? 'whole' : undefined) ? [] : [`coverage ${coverage}`];
  for (const { id } of keys.filter((key) => ended.has(key.id))) {
    const key = await back.keys.get(organization.id, id);
    if (key?.revokedAtMs === null) failures.push(`a revoked key of ${random.seed} is not revoked again`);
  }
  await back.close();
  return failures;
}

test('a compacted ledger revives nothing', async (context) => {
  const rounds = trials({ planted: 5, ci: 10, full: 1000 });
  const folder = createFolder();
  const failures: string[] = [];
  for (let round = 0; round < rounds; round += 1) {
    failures.push(...(await bringBack(createRandom(round), join(folder, `${round}.db`))));
  }
  prove(context, {
    id: 'machine.ledger',
    property: 'an older store that comes back beside a compacted ledger revives no revoked key',
    trials: rounds,
    unit: 'stores',
    failures,
  });
});
