import { join } from 'node:path';
import { startScript } from '../../support/program.ts';
import type { Wire } from '../../support/real-clients.ts';
import type { Outcome, RealClient } from './real-client.ts';
import { modules, outcomeOf, textOf, versionOf } from './sdk-clients.ts';

const name = '@modelcontextprotocol/inspector';
const launcher = join(modules, name, 'clients/launcher/build/index.js');

type Kind = { readonly era: 'legacy' | 'modern'; readonly transport: 'HTTP' | 'stdio' };

const shortSession = [
  'lists exactly the tools that its key may call',
  'is told for whom it speaks',
  'searches agents',
  'reads an agent',
  'is refused what its key has no scope for',
  'is told which argument is wrong',
  'cannot connect for another organisation than that of its key',
  'is refused with INVALID_TOKEN as soon as its key is revoked, and wants no browser',
];

/** It shows the message of an error and not its data; over HTTP in 2026, its status alone. */
const refusals = {
  'legacy HTTP': { INVALID_TOKEN: /auth_required/ },
  'modern HTTP': {
    INVALID_TOKEN: /auth_required/,
    ORGANIZATION_MISMATCH: /server denied access \(HTTP 403\)/,
    ORGANIZATION_REQUIRED: /server denied access \(HTTP 403\)/,
  },
  stdio: {
    INVALID_TOKEN: /The credential is not valid/,
    ORGANIZATION_MISMATCH: /cannot act for the organisation named/,
    ORGANIZATION_REQUIRED: /name one in the header X-Organization-Id/,
  },
};

/** The Inspector's command line: a process and a connection for each call. */
export const inspector = ({ era, transport }: Kind): RealClient => ({
  name: `inspector-${era}-${transport.toLowerCase()}`,
  version: `${name} ${versionOf(name)}`,
  transport,
  era: era === 'modern' ? '2026' : '2025',
  ...(transport === 'stdio' && { shortened: shortSession }),
  cannot: {
    'hears how far a study is': 'it prints the result alone',
    'has the id of an agent completed from words': 'it has no command for that',
  },
  wording: {
    // It lists the tools before it calls one, and does not call what it was not shown.
    INSUFFICIENT_SCOPE: /tool_not_found/,
    ORGANIZATION_IN_ARGUMENTS: /Arguments never name the organisation/,
    ...(transport === 'stdio' ? refusals.stdio : refusals[`${era} HTTP`]),
  },
  async open(wire) {
    const run = (args: readonly string[]) =>
      runInspector(wire, ['--protocol-era', era, '--format', 'json', '--quiet', ...args]);
    return {
      revision: null,
      async listTools() {
        const { tools } = resultOf(await run(['--method', 'tools/list']));
        return tools.map((tool: { name: string }) => tool.name);
      },
      async call(tool, args = {}): Promise<Outcome> {
        const call = [
          '--method',
          'tools/call',
          '--tool-name',
          tool,
          '--tool-args-json',
          JSON.stringify(args),
        ];
        const ended = await run(call);
        if (ended.stdout.trim() === '')
          return { kind: 'refused', says: `exit ${ended.code}: ${ended.stderr}` };
        return outcomeOf(resultOf(ended));
      },
      async readResource(uri) {
        const { contents } = resultOf(await run(['--method', 'resources/read', '--uri', uri]));
        return textOf(contents, uri);
      },
      complete: () => Promise.reject(new Error('it has no command for that')),
      async close() {},
    };
  },
});

type Ended = { readonly code: number; readonly stdout: string; readonly stderr: string };

function resultOf({ stdout, stderr }: Ended) {
  if (stdout.trim() === '') throw new Error(stderr);
  return JSON.parse(stdout).result;
}

async function runInspector(wire: Wire, options: readonly string[]): Promise<Ended> {
  const program = startScript(launcher, ['--cli', ...targetOf(wire), ...options], wire.env ?? {});
  program.stdin.end();
  return await program.closed;
}

function targetOf(wire: Wire): string[] {
  if ('url' in wire) {
    const headers = Object.entries(wire.headers).flatMap(([header, value]) => [
      '--header',
      `${header}: ${value}`,
    ]);
    return ['--transport', 'http', '--server-url', wire.url, ...headers];
  }
  const variables = Object.entries(wire.env).flatMap(([variable, value]) => ['-e', `${variable}=${value}`]);
  return [process.execPath, ...wire.args, '--transport', 'stdio', ...variables];
}
