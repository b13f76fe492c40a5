import { type DataFolders, sharedFolders } from '../config/folders.ts';
import { type Config, type LoadedConfig, loadConfig } from '../config/load-config.ts';
import { AppError } from '../errors.ts';
import { printable } from '../secrets/printable.ts';
import type { Services } from '../server/services.ts';
import type { PreparedTools } from '../tool-sources/prepare-tools.ts';
import type { ExitCode, Runtime } from './runtime.ts';
import { describeStore, hasStore, nameStore } from './store/store-used.ts';

/** A folder that others may write to is a mistake of the configuration. */
function readConfig(runtime: Runtime): LoadedConfig {
  const { env, cwd, uid } = runtime;
  const loaded = loadConfig(env, cwd);
  const rest = loaded.ok ? loaded.config : loaded.rest;
  const shared = rest === null ? [] : sharedFolders(foldersOf(rest, runtime), env, uid);
  if (loaded.ok && shared.length === 0) return loaded;
  return { ok: false, mistakes: [...(loaded.ok ? [] : loaded.mistakes), ...shared], rest };
}

const foldersOf = (config: Config, runtime: Runtime): DataFolders => ({
  dataDir: config.dataDir,
  storeFile: runtime.locateStore(config).files?.file ?? null,
});

/** The configuration, or its mistakes on standard error, each on a line of its own. */
export function requireConfig(runtime: Runtime): Config | undefined {
  const loaded = readConfig(runtime);
  if (loaded.ok) return loaded.config;
  explain(loaded.mistakes, runtime);
  return undefined;
}

function explain(mistakes: readonly string[], runtime: Runtime): void {
  runtime.err('The configuration is not valid:');
  for (const mistake of new Set(mistakes)) runtime.err(`  ${printable(mistake)}`);
}

/** How far a command looks for tools: a listing of keys must not wait for, or depend on, other people's servers. */
type Reach = 'this machine' | 'downstreams';

type Needs = {
  readonly reach?: Reach;
  /** Whether the command makes a missing store; for all other commands a missing store is a mistake. */
  readonly makesStore?: boolean;
  /** The command that lists the ids this one takes, such as `users list --org org_…`. */
  readonly listing?: string | undefined;
};

/** The configuration and its tools, or the exit code for their mistakes. */
async function requireSetup(
  runtime: Runtime,
  { reach = 'this machine', makesStore = false }: Needs,
): Promise<Setup | ExitCode> {
  const prepare = (config: Config, isTrial: boolean) =>
    runtime.prepareTools(reach === 'downstreams' ? config : withoutPlatforms(config), { isTrial });
  const loaded = readConfig(runtime);
  if (!loaded.ok) {
    // Checks the readable parts all the same, so that one run shows every mistake.
    explain([...loaded.mistakes, ...(await furtherMistakes(loaded.rest, prepare))], runtime);
    return 78;
  }
  const { config } = loaded;
  if (!makesStore && !hasStore(runtime.locateStore(config))) {
    runtime.err(`There is no store at ${describeStore(config, runtime)}.`);
    runtime.err(
      '"tenantry serve" and "tenantry orgs create" make one; TENANTRY_DATA_DIR names another folder.',
    );
    return 1;
  }
  const prepared = await prepare(config, false);
  if (prepared.mistakes.length > 0) {
    explain(prepared.mistakes, runtime);
    return 78;
  }
  nameStore(config, runtime);
  return { config, prepared };
}

async function furtherMistakes(
  rest: Config | null,
  prepare: (config: Config, isTrial: boolean) => Promise<PreparedTools>,
): Promise<readonly string[]> {
  if (rest === null) return [];
  const { mistakes, downstreams } = await prepare(rest, true);
  await Promise.all(downstreams.map((each) => each.close()));
  return mistakes;
}

/** Nor does it need their credentials: a person who revokes a key may not have them. */
const withoutPlatforms = (config: Config): Config => ({
  ...config,
  downstream: { ...config.downstream, credential: undefined },
  downstreams: [],
});

/** Runs `work` on the stores of this configuration, and always closes them. */
export async function withServices(
  runtime: Runtime,
  work: (services: Services) => Promise<ExitCode>,
  needs: Needs = {},
): Promise<ExitCode> {
  const setup = await requireSetup(runtime, needs);
  if (typeof setup === 'number') return setup;
  const services = await openOrExplain(setup, runtime);
  if (services === undefined) return 1;
  try {
    return await work(services);
  } catch (thrown) {
    const errors: readonly unknown[] = thrown instanceof AggregateError ? thrown.errors : [thrown];
    for (const error of errors) runtime.err(sentenceOf(error) + whereListed(error, needs));
    return 1;
  } finally {
    await services.close();
  }
}

async function openOrExplain({ config, prepared }: Setup, runtime: Runtime) {
  try {
    return await runtime.openServices(config, prepared);
  } catch (error) {
    runtime.err(
      `The stores in ${config.dataDir} cannot be opened: ${sentenceOf(error)}. TENANTRY_DATA_DIR names another folder.`,
    );
    return undefined;
  }
}

type Setup = { readonly config: Config; readonly prepared: PreparedTools };

const adviceOn: Readonly<Record<string, string>> = {
  EADDRINUSE: 'stop what listens there, or set PORT',
  EACCES: 'choose a port above 1023, or a folder that you may write',
  EADDRNOTAVAIL: 'set HOST to an address of this machine',
};

/** Names the command that lists the ids, unless the sentence names it already. */
function whereListed(error: unknown, { listing }: Needs): string {
  if (!(error instanceof AppError) || listing === undefined || error.status !== 404) return '';
  return error.message.includes('"tenantry ')
    ? ''
    : printable(` "tenantry ${listing}" shows those there are.`);
}

/** The failure for the operator at the terminal: a sentence on one line, never a stack. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AppError) return printable(`${error.code}: ${error.message}`);
  if (!(error instanceof Error)) return 'something went wrong';
  const advice = 'code' in error ? adviceOn[String(error.code)] : undefined;
  return printable(advice === undefined ? error.message : `${error.message}; ${advice}`);
}
