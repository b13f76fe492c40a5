import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, vi } from 'vitest';
import { writeConfig } from '../support/fresh-start.ts';
import { startProgram, startServer } from '../support/program.ts';
import { mayHoldKeys } from '../support/secrets.ts';
import { runHere, serveHere } from './in-process.ts';

// A machine that is busy takes its time to start a process.
vi.setConfig({ testTimeout: 60_000 });

type Environment = Readonly<Record<string, string>>;

/** A store of the test's own, the real commands on it, and its rows as somebody with the file sees them. */
export function createCommands(config: object = {}) {
  const { dir, file } = writeConfig({ server: { port: 0 }, logLevel: 'silent', ...config });
  const env = { TENANTRY_CONFIG: file };

  const run = async (args: readonly string[], more: Environment = {}) => {
    const [file] = args.slice(args.indexOf('--out') + 1);
    if (args[1] === 'reconcile' && file !== undefined) mayHoldKeys(join(dir, file));
    const ended = await runHere(args, { ...env, ...more }, dir);
    expect(ended.stderr).not.toMatch(/^ +at /m);
    return ended;
  };
  return {
    dir,
    run,
    /** Like `run`, in a process of its own: what main adds is the same for every command, so once a group. */
    async runApart(args: readonly string[], more: Environment = {}) {
      const program = startProgram(args, { ...env, ...more }, dir);
      program.stdin.end();
      return program.closed;
    },
    /** The one JSON document of a command that succeeds and says nothing else. */
    async json(args: readonly string[], more?: Environment) {
      const { code, stdout, stderr } = await run([...args, '--json'], more);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      return JSON.parse(stdout);
    },
    /** Like `runApart`, but the reader of its output goes away at once. */
    async runUnread(args: readonly string[]) {
      const program = startProgram(args, env, dir);
      program.stdoutStream.destroy();
      return program.closed;
    },
    startServer: () => serveHere(env, dir),
    /** A server that shares nothing with the commands but the file. */
    startServerApart: () => startServer(env, dir),
    /** What somebody does who holds the file itself. */
    tamper(statement: string): void {
      const database = new Database(join(dir, 'data', 'tenantry.db'));
      expect(database.prepare(statement).run().changes).toBeGreaterThan(0);
      database.close();
    },
  };
}

export type Commands = ReturnType<typeof createCommands>;

export async function createOrganization(commands: Commands, name: string) {
  const { organization, auth_token } = await commands.json(['orgs', 'create', name]);
  const id: string = organization.organization_id;
  const key: string = auth_token;
  return { id, key };
}

export const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);

/** An id that is well formed and that nobody has. */
export const unknownOrganization = 'org_01ARZ3NDEKTSV4RRFFQ69G5FAV';
