import { test } from 'vitest';
import { mcpProxy, mcpProxyInFront, mcpRemote } from './clients/bridge-clients.ts';
import { inspector } from './clients/inspector.ts';
import { startRealServer, wireHttp, wireStdio } from './clients/real-server.ts';
import { proveAll, runSession, SESSIONS_MS } from './clients/session.ts';

test('the Inspector does a whole session of an agent', { timeout: SESSIONS_MS }, async (context) => {
  const server = await startRealServer();
  const overHttp = [
    inspector({ era: 'legacy', transport: 'HTTP' }),
    inspector({ era: 'modern', transport: 'HTTP' }),
  ];
  const reports = await Promise.all([
    ...overHttp.map((client) => runSession(client, wireHttp(server), server)),
    runSession(inspector({ era: 'legacy', transport: 'stdio' }), wireStdio(server), server),
  ]);
  proveAll(context, reports);
});

test('through a bridge a host does a whole session of an agent', {
  timeout: SESSIONS_MS,
}, async (context) => {
  const server = await startRealServer();
  const bridges = [mcpRemote('legacy'), mcpRemote('auto'), mcpProxy];
  const reports = await Promise.all([
    ...bridges.map(({ client, through }) => runSession(client, wireHttp(server, through), server)),
    runSession(mcpProxyInFront, wireStdio(server), server),
  ]);
  proveAll(context, reports);
});
