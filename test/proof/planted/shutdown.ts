import type { PlantedBug } from './planted-bug.ts';

/** Ways in which a restart loses what was accepted. */
export const shutdownBugs: readonly PlantedBug[] = [
  {
    name: 'stop-cuts-connections',
    harm: 'a deployment fails every call that is under way',
    file: 'src/main.ts',
    find: 'server.closeIdleConnections();\n      const deadline',
    replace: 'server.closeAllConnections();\n      const deadline',
    proof: 'shutdown',
    test: 'server that is asked to stop',
  },
  {
    name: 'connections-kept-while-stopping',
    harm: 'one busy client keeps a stopping server up until its calls are cut after 10 s',
    file: 'src/transport/http/wire/write-answer.ts',
    find: 'if (!request.complete || extra.isLast)',
    replace: 'if (!request.complete)',
    proof: 'shutdown',
    test: 'server that is asked to stop',
  },
  {
    name: 'silent-connections-waited-for',
    harm: 'a connection that a browser made in advance keeps a stopping server up for 10 s',
    file: 'src/main.ts',
    find: '      silent.closeSoon();\n',
    replace: '      void silent;\n',
    proof: 'shutdown',
    test: 'says nothing',
  },
  {
    name: 'store-closed-while-answering',
    harm: 'the last calls before a restart are refused, and have no row',
    file: 'src/main.ts',
    find: `      await app.inFlight.drain();
      server.closeIdleConnections();
      await closed;`,
    replace: '      void app.inFlight.drain();\n      void closed;',
    proof: 'shutdown',
    test: 'server that is asked to stop',
  },
  {
    name: 'workers-killed',
    harm: 'a server with workers drops all that is under way when it is asked to stop',
    file: 'src/workers/primary.ts',
    find: "for (const worker of workers) send(worker, { kind: 'stop' });",
    replace: 'killAll(workers);',
    proof: 'shutdown',
    test: 'server with workers',
  },
  {
    name: 'stdio-answers-nothing-more',
    harm: 'a host that stops its program never hears what its last calls did',
    file: 'src/transport/stdio/stdio.ts',
    find: "if (end === 'stopped') await lastAnswers(pending);",
    replace: 'void [end, lastAnswers];',
    proof: 'shutdown',
    test: 'program that a client starts',
  },
];
