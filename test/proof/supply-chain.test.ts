import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { test } from 'vitest';
import { root, temporaryDir } from '../support/fresh-start.ts';
import { bareEnvironment } from '../support/program.ts';
import { secretsInFile } from '../support/secrets.ts';
import { LEAST_NODE, oldNodes, tellsOldNode } from './supply-chain/old-nodes.ts';
import { makeOtherStore } from './supply-chain/other-store.ts';
import { installed, isAtLeast, locked, manifest, production } from './supply-chain/packages.ts';
import { claimNode, claimSqlite } from './supply-chain/preloads.ts';
import { trials } from './support/depth.ts';
import { notMeasured, prove } from './support/proof.ts';

const bin = join(root, 'src/bin.js');

test('every package of the lock is one exact version, held by its SHA-512, and names no host', (context) => {
  prove(context, {
    id: 'supply-chain.lock',
    property:
      'each package is one exact version with a SHA-512, from whatever registry the installation is told',
    trials: locked.length,
    unit: 'packages',
    noRate: true,
    failures: locked.flatMap(({ path, version, integrity, resolved, link }) => [
      ...(/^\d+\.\d+\.\d+(?:-[\w.-]+)?$/.test(version) ? [] : [`${path}: version ${version}`]),
      ...(/^sha512-[A-Za-z0-9+/]{86}==$/.test(integrity ?? '') ? [] : [`${path}: integrity ${integrity}`]),
      ...(resolved === undefined && link !== true ? [] : [`${path}: from ${resolved}`]),
    ]),
  });
});

test('every direct dependency is asked for in one exact version, the one in the lock', (context) => {
  const asked = Object.entries({ ...manifest.dependencies, ...manifest.devDependencies });
  prove(context, {
    id: 'supply-chain.exact',
    property: 'no direct dependency is a range: nothing new comes in but by a change of this repository',
    trials: asked.length,
    unit: 'direct dependencies',
    noRate: true,
    failures: asked.flatMap(([name, wanted]) => {
      const version = wanted.replace(/^npm:@?[^@]+@/, '');
      const found = locked.find(({ path }) => path === `node_modules/${name}`)?.version;
      return /^\d+\.\d+\.\d+(?:-[\w.]+)?$/.test(version) && found === version
        ? []
        : [`${name}: ${wanted}, locked ${found}`];
    }),
  });
});

/** Packages that bring a script: that of `node` fetches the runtime, all others are refused. */
const scripted = ['node', 'esbuild', '@modelcontextprotocol/inspector', 'tldjs'];

test('no package runs a script when it is installed, except the runtime of the developers', (context) => {
  const bringing = locked.filter(({ hasInstallScript }) => hasInstallScript === true);
  const allowed = Object.entries(manifest.allowScripts).filter(([, isAllowed]) => isAllowed);
  prove(context, {
    id: 'supply-chain.scripts',
    property: "no package runs code of its own when it is installed; only the developers' Node may",
    trials: locked.length,
    unit: 'packages',
    noRate: true,
    failures: [
      ...bringing
        .filter(({ name }) => !scripted.includes(name))
        .map(({ path }) => `${path}: brings a script`),
      ...bringing.filter(({ dev }) => dev !== true).map(({ path }) => `${path}: a script in production`),
      ...bringing
        .filter(({ name }) => !(name in manifest.allowScripts))
        .map(({ path }) => `${path}: undecided`),
      ...allowed.filter(([name]) => name !== 'node').map(([name]) => `${name}: allowed`),
    ],
    measured: { packages_with_a_script: bringing.length, of_them_in_production: 0 },
  });
});

test('the installed packages are those of the lock', (context) => {
  const byPath = new Map(locked.map((each) => [each.path, each]));
  const present = new Set(installed.map(({ path }) => path));
  prove(context, {
    id: 'supply-chain.installed',
    property: 'the packages installed are those of the lock, with its hashes, and no other',
    trials: installed.length,
    unit: 'packages',
    noRate: true,
    failures: [
      ...installed.flatMap(({ path, version, integrity }) => {
        const wanted = byPath.get(path);
        const isSame = wanted?.version === version && wanted.integrity === integrity;
        return isSame ? [] : [`${path}: ${version}, expected ${wanted?.version ?? 'none'}`];
      }),
      // Binaries of other platforms are left out.
      ...locked
        .filter(({ path, optional }) => optional !== true && !present.has(path))
        .map(({ path }) => `${path}: missing`),
    ],
    note: 'npm compares the hash of each archive as it installs; the files are not hashed again here.',
  });
});

/** The version that fixes what was published about a package, and where that is. */
const fixedIn: Readonly<Record<string, readonly [version: string, advisory: string]>> = {
  '@modelcontextprotocol/server': ['2.3.0', 'GHSA-f897-62hf-6gxq, GHSA-46jr-4wx8-v453'],
  '@modelcontextprotocol/sdk': [
    '1.32.0',
    'CVE-2025-66414, CVE-2026-0621, CVE-2026-25536, GHSA-f897-62hf-6gxq',
  ],
};

test('no package is older than the version that fixed what was published about it', (context) => {
  const checked = production.filter(({ name }) => name in fixedIn);
  prove(context, {
    id: 'supply-chain.advisories',
    property: 'nothing in production is older than the fix of an advisory that we know of',
    trials: checked.length,
    unit: 'packages',
    noRate: true,
    failures: [
      ...checked.flatMap(({ path, name, version }) => {
        const [least = '', advisory] = fixedIn[name] ?? [];
        return isAtLeast(version, least) ? [] : [`${path}: ${version} is older than ${least} (${advisory})`];
      }),
      ...Object.keys(fixedIn)
        .filter((name) => !checked.some((each) => each.name === name))
        .map((name) => `${name}: not in production, so this list is out of date`),
    ],
    measured: Object.fromEntries(checked.map(({ name, version }) => [name, version])),
    note: 'A list by hand: a hole published after it was written is not in it; ask `npm audit` as well.',
  });
});

/** Packages of which a second, forgotten version would parse, check or send beside the first. */
const onlyOnce =
  /^(?:@modelcontextprotocol\/.+|@hono\/node-server|ajv|better-sqlite3|drizzle-orm|eventsource-parser|express|fast-uri|hono|jose|pino|qs|undici|ulid|uuid|yaml|zod)$/;

/** Who brings the second one, and why it does no harm. */
const knownTwice: Readonly<Record<string, string>> = {
  undici:
    '@apidevtools/json-schema-ref-parser fetches with it what a document refers to; documents that do are refused',
};

test('what parses, checks and sends is there in one version', (context) => {
  const watched = production.filter(({ name }) => onlyOnce.test(name));
  const versions = new Map<string, Set<string>>();
  for (const { name, version } of watched) {
    versions.set(name, (versions.get(name) ?? new Set()).add(version));
  }
  const twice = [...versions].filter(([, each]) => each.size > 1);
  prove(context, {
    id: 'supply-chain.one-version',
    property: 'nothing that parses, checks or sends is there twice in production, but for what is explained',
    trials: versions.size,
    unit: 'packages',
    noRate: true,
    failures: [
      ...twice
        .filter(([name]) => !(name in knownTwice))
        .map(([name, each]) => `${name}: ${[...each].join(' and ')}`),
      ...Object.keys(knownTwice)
        .filter((name) => !twice.some(([each]) => each === name))
        .map((name) => `${name}: once by now, so it need not be explained`),
    ],
    measured: Object.fromEntries(twice.map(([name, each]) => [name, [...each].join(' and ')])),
    note: Object.entries(knownTwice)
      .map(([name, why]) => `${name}: ${why}.`)
      .join(' '),
  });
});

test('the package that is published holds what it says, and no key', { timeout: 120_000 }, (context) => {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const { stdout, stderr } = spawnSync('npm', args, { cwd: root, encoding: 'utf8' });
  if (!stdout.includes('[')) throw new Error(`npm pack said nothing: ${stderr}`);
  const [{ files }] = JSON.parse(stdout.slice(stdout.indexOf('[')));
  const paths: string[] = files.map(({ path }: { path: string }) => path);
  const ofNpm = /^(?:package\.json|README\.md|LICENSE|SECURITY\.md)$/;
  const isNamed = (path: string) =>
    ofNpm.test(path) || manifest.files.some((file) => path === file || path.startsWith(`${file}/`));
  const isOurs = (path: string) =>
    !/(?:^|\/)(?:test|bench|data|proof|node_modules)\/|\.(?:db|ledger|env|pem)$/.test(path);
  prove(context, {
    id: 'supply-chain.package',
    property: 'the published package holds only what `files` names: no test, no data, no key',
    trials: paths.length,
    unit: 'files',
    noRate: true,
    failures: [
      ...paths.filter((path) => !isNamed(path)).map((path) => `${path}: not named`),
      ...paths.filter((path) => !isOurs(path)).map((path) => `${path}: not to be published`),
      ...paths.flatMap((path) => secretsInFile(join(root, path)).map((prefix) => `${prefix} in ${path}`)),
    ],
    note: 'test/package/installed.test.ts makes the real package, with what prepack compiles, and runs it.',
  });
});

const STARTED_MS = 20_000;

const run = (node: string, args: readonly string[], more: Readonly<Record<string, string>> = {}) => {
  const env = { ...bareEnvironment(), ...more };
  // A server that does start is a failure, and must not run on.
  const limits = { timeout: STARTED_MS, killSignal: 'SIGKILL', encoding: 'utf8' } as const;
  const { status, stdout, stderr } = spawnSync(node, args, { cwd: temporaryDir(), env, ...limits });
  return { status, stdout, stderr };
};

const commands = [['serve'], ['stdio'], ['keys', 'list', '--host'], ['backup', '--out', 'x'], ['--version']];
const refused = ['24.14.0', '24.13.9', '24.0.0', '23.11.1', '22.22.0', '20.20.2', '9.99.99'];
const accepted = ['24.14.1', '24.14.10', '24.15.0', '25.0.0', '100.0.0'];

test('a Node older than 24.14.1 is refused in one line, before anything else of the program runs', (context) => {
  const failures: string[] = [];
  const claims = (version: string) => ['--import', claimNode(version), bin];
  const expectRefused = (
    version: string,
    { status, stdout, stderr }: ReturnType<typeof run>,
    what: string,
  ) => {
    const said = `tenantry needs Node ${LEAST_NODE} or later`;
    const isRefused =
      status === 1 && stdout === '' && stderr.startsWith(said) && stderr.trim().split('\n').length === 1;
    if (!isRefused) failures.push(`${what} under ${version}: exit ${status}, ${stderr.slice(0, 200)}`);
  };
  for (const version of refused) {
    expectRefused(version, run(process.execPath, [...claims(version), '--version']), '--version');
  }
  for (const args of commands) {
    expectRefused('24.14.0', run(process.execPath, [...claims('24.14.0'), ...args]), args.join(' '));
  }
  for (const version of accepted) {
    const { status, stderr } = run(process.execPath, [...claims(version), '--version']);
    if (status !== 0) failures.push(`${version} was refused: ${stderr.slice(0, 200)}`);
  }
  prove(context, {
    id: 'supply-chain.node',
    property: 'every command refuses a Node with published holes',
    trials: refused.length + commands.length + accepted.length,
    unit: 'starts',
    noRate: true,
    failures,
    note: 'The Node that runs says that it is another; `supply-chain.real-node` runs one that is.',
  });
});

test('a Node of this machine that is too old is told so, and not what it cannot parse', (context) => {
  const row = { id: 'supply-chain.real-node', property: 'a real older Node says in one line what it lacks' };
  const old = oldNodes();
  if (old.length === 0)
    return notMeasured(context, { ...row, why: `every Node here is ${LEAST_NODE} or later` });
  const starts = old.flatMap(({ file, version }) =>
    commands.map((args) => ({ version, args, ...run(file, [bin, ...args]) })),
  );
  prove(context, {
    ...row,
    trials: starts.length,
    unit: 'starts',
    noRate: true,
    failures: starts
      .filter(
        ({ version, status, stdout, stderr }) =>
          status !== 1 || stdout !== '' || !tellsOldNode(stderr, version),
      )
      .map(({ version, args, status, stderr }) => `${args.join(' ')} under ${version}: ${status} ${stderr}`),
    measured: { versions: old.map(({ version }) => version).join(', ') },
  });
});

test('an SQLite older than 3.51.3 is refused by all code that opens a store, and nothing is written', {
  timeout: 300_000,
}, (context) => {
  const failures: string[] = [];
  const driver = createRequire(import.meta.url).resolve('better-sqlite3');
  const opening = [['orgs', 'list'], ['keys', 'list', '--host'], ['audit', 'verify'], ['stdio'], ['serve']];
  const versions = ['3.51.2', '3.50.4', '3.7.0'].slice(0, trials({ planted: 1, ci: 1, full: 3 }));
  const starts = versions.flatMap((version) => opening.map((args) => ({ version, args })));
  for (const { version, args } of starts) {
    // One that does start runs on until it is killed.
    if (failures.length > 0) break;
    const data = temporaryDir();
    const other = makeOtherStore(data);
    const env = { TENANTRY_DATA_DIR: data, PORT: '0', TENANTRY_API_KEY: 'x' };
    const config = { ...env, TENANTRY_CONFIG: join(root, 'mcp.config.json') };
    const ran = run(process.execPath, ['--import', claimSqlite(driver, version), bin, ...args], config);
    const isTold = ran.status === 1 && ran.stderr.includes(`SQLite ${version} is too old`);
    if (!isTold || !other.isUntouched())
      failures.push(`${args.join(' ')} on ${version}: ${ran.status} ${ran.stderr.slice(0, 200)}`);
  }
  prove(context, {
    id: 'supply-chain.sqlite',
    property: 'no command opens a store with an SQLite that may corrupt it',
    trials: starts.length,
    unit: 'starts',
    noRate: true,
    failures,
    note: 'The driver is told to report the version; no old SQLite is linked.',
  });
});
