import { type Config, loadConfig } from '../config.ts';
import type { PreparedTools } from '../configured-tools.ts';
import { AppError } from '../errors.ts';
import type { Services } from '../services.ts';
import type { ExitCode, Runtime } from './runtime.ts';

/** The configuration, or its mistakes on standard error, each on a line of its own. */
export function requireConfig(runtime: Runtime): Config | undefined {
  const loaded = loadConfig(runtime.env, runtime.cwd);
  if (loaded.ok) return loaded.config;
  return explain(loaded.mistakes, runtime);
}

function explain(mistakes: readonly string[], runtime: Runtime): undefined {
  runtime.err('The configuration is not valid:');
  for (const mistake of mistakes) runtime.err(`  ${mistake}`);
}

/** How far a command looks for tools: a listing of keys must not wait for, or depend on, other people's servers. */
export type Reach = 'this machine' | 'downstreams';

/** The configuration and the tools that it comes to. */
async function requireSetup(runtime: Runtime, reach: Reach): Promise<Setup | undefined> {
  const config = requireConfig(runtime);
  if (config === undefined) return undefined;
  const prepared = await runtime.prepareTools(reach === 'downstreams' ? config : withoutPlatforms(config));
  return prepared.mistakes.length === 0 ? { config, prepared } : explain(prepared.mistakes, runtime);
}

/** Their credentials are not missed either: whoever revokes a key need not have them. */
const withoutPlatforms = (config: Config): Config => ({
  ...config,
  downstream: { ...config.downstream, credential: undefined },
  downstreams: [],
});

/** Runs `work` on the stores of this configuration and closes them, whatever happens. */
export async function withServices(
  runtime: Runtime,
  work: (services: Services) => Promise<ExitCode>,
  reach: Reach = 'this machine',
): Promise<ExitCode> {
  const setup = await requireSetup(runtime, reach);
  if (setup === undefined) return 78;
  const services = await openOrExplain(setup, runtime);
  if (services === undefined) return 1;
  try {
    return await work(services);
  } catch (error) {
    runtime.err(sentenceOf(error));
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

/** What went wrong, for the operator at the terminal: a sentence, never a stack. */
export function sentenceOf(error: unknown): string {
  if (error instanceof AppError) return `${error.code}: ${error.message}`;
  if (!(error instanceof Error)) return 'something went wrong';
  const advice = 'code' in error ? adviceOn[String(error.code)] : undefined;
  return advice === undefined ? error.message : `${error.message}; ${advice}`;
}
