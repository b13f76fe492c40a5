import { test } from 'vitest';
import { canonicalTools } from '../support/client-checks.ts';
import { temporaryDir } from '../support/fresh-start.ts';
import { generations } from '../support/real-clients.ts';
import { startRealServer, wireHttp, wireStdio } from './clients/real-server.ts';
import { runRemoteClient } from './clients/remote-client.ts';
import { sdkClients, versionOf } from './clients/sdk-clients.ts';
import { proveAll, runSession, SESSIONS_MS } from './clients/session.ts';
import { probeSignIn } from './clients/sign-in-probes.ts';
import { depth } from './support/depth.ts';
import { prove } from './support/proof.ts';

test('over HTTP the official clients do a whole session of an agent', {
  timeout: SESSIONS_MS,
}, async (context) => {
  const server = await startRealServer();
  const sessions = sdkClients('HTTP').map((client) => runSession(client, wireHttp(server), server));
  proveAll(context, await Promise.all(sessions));
});

// Processes are dear: none to catch a planted bug, and one client of each generation, as its other modes speak one of the two protocols.
test.skipIf(depth === 'planted')(
  'over stdio the official clients do a whole session of an agent',
  {
    timeout: SESSIONS_MS,
  },
  async (context) => {
    const server = await startRealServer();
    const clients = sdkClients('stdio', generations);
    const sessions = clients.map((client) => runSession(client, wireStdio(server), server));
    proveAll(context, await Promise.all(sessions));
  },
);

test('a client that is refused finds nowhere to sign in, and is told so at once', async (context) => {
  const { url, acme } = await startRealServer();
  const credential = { authorization: `Bearer ${acme.defaultKey}` };
  const paths = ['/mcp', `/o/${acme.id}/mcp`];
  const probed = await Promise.all(paths.map((path) => probeSignIn(url, path, credential)));
  prove(context, {
    id: 'clients.sign-in',
    property: 'nothing that clients ask for after a 401 makes them start OAuth or wait for a stream',
    trials: probed.reduce((sum, { asked }) => sum + asked, 0),
    unit: 'requests',
    noRate: true,
    failures: probed.flatMap(({ failures }) => failures),
  });
});

test('the client of mcp-remote lists what its key may call, and a wrong key ends it', async (context) => {
  const server = await startRealServer();
  const wire = { url: `${server.url}/mcp`, headers: { authorization: `Bearer ${server.acme.defaultKey}` } };
  const right = await runRemoteClient(wire, temporaryDir());
  const wrong = await runRemoteClient(
    { ...wire, headers: { authorization: 'Bearer tnt_x' } },
    temporaryDir(),
  );
  const listed = canonicalTools.map(({ name }) => name).join(' ');
  prove(context, {
    id: 'clients.mcp-remote-client',
    property:
      'mcp-remote-client connects, lists exactly the tools of its key, and ends; a wrong key is an error',
    trials: 2,
    unit: 'runs',
    noRate: true,
    failures: [
      ...(right.code === 0 && right.tools.join(' ') === listed
        ? []
        : [`right key: ${right.code} ${right.tools}`]),
      ...(wrong.code === 1 && wrong.tools.length === 0 ? [] : [`wrong key: ${wrong.code} ${wrong.tools}`]),
    ],
    measured: { version: `mcp-remote ${versionOf('mcp-remote')}` },
  });
});
