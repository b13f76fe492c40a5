import { join } from 'node:path';
import { readDemo, writeConfig } from '../../support/fresh-start.ts';
import { startServer } from '../../support/program.ts';

/** The real program on a store of its own in `dataDir`, a folder that is there. */
export async function startSubject(
  dataDir?: string,
  settings: Record<string, unknown> = {},
  environment: Readonly<Record<string, string>> = {},
) {
  const { dir, file } = writeConfig({ demo: true, keys: { maxPerOrganization: 100_000 }, ...settings });
  const data = dataDir ?? join(dir, 'data');
  const env = { TENANTRY_CONFIG: file, TENANTRY_DATA_DIR: data, ...environment };
  const server = await startServer(env);
  await server.waitFor('stderr', /tenantry doctor/);
  const { defaultKeys, managerKeys } = readDemo(server.seen.stderr);
  const [defaultKey = '', otherKey = ''] = defaultKeys;
  const [managerKey = ''] = managerKeys;
  return {
    ...server,
    env,
    dataDir: data,
    storeFile: join(data, 'tenantry.db'),
    defaultKey,
    otherKey,
    managerKey,
    /** Asks it to stop; what is wrong with how it ended. */
    async stop(): Promise<string[]> {
      server.kill('SIGTERM');
      const { code, signal } = await server.closed;
      return code === 0 ? [] : [`it ended with ${code ?? signal}`];
    },
  };
}
