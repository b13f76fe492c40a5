import { test } from 'vitest';
import { generations } from '../support/real-clients.ts';
import { startRealServer, wireHttp, wireStdio } from './clients/real-server.ts';
import { sdkClients } from './clients/sdk-clients.ts';
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
