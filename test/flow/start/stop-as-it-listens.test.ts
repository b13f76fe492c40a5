import { expect, test } from 'vitest';
import { writeConfig } from '../../support/fresh-start.ts';
import { startProgram } from '../../support/program.ts';

/** Asks the program that loads it to stop, in the moment in which it says that it listens. */
const stopAsItListens = `data:text/javascript,${encodeURIComponent(`
  const write = process.stdout.write.bind(process.stdout);
  process.stdout.write = (...args) => {
    const isWritten = write(...args);
    if (String(args[0]).includes('listening on')) process.kill(process.pid, 'SIGTERM');
    return isWritten;
  };
`)}`;

test.each([1, 2])(
  'a stop that is asked for as soon as it listens is one in order, workers: %i',
  async (workers) => {
    const { dir, file } = writeConfig({ dataDir: '.', server: { port: 0, workers } });
    const env = { TENANTRY_CONFIG: file, NODE_OPTIONS: `--import=${stopAsItListens}` };
    const server = startProgram(['serve'], env, dir);
    const { code, signal, stdout } = await server.closed;
    expect([code, signal]).toEqual([0, null]);
    expect(stdout).toContain('tenantry listening on');
  },
);
