import type { PlantedBug } from './planted-bug.ts';

const answerOn = `async function answerOn(
  route: Exclude<Route, { kind: 'operator' }>,
  { query }: Target,
  body: unknown,
  request: IncomingMessage,
  exchange: Exchange,
  deps: AppDeps,
): Promise<Answer> {
`;

export const loadBugs: readonly PlantedBug[] = [
  {
    name: 'left-call-keeps-its-place',
    harm: 'Clients that go away in the middle of a call use up the places, until every call is refused.',
    file: 'src/transport/connection.ts',
    find: "else response.once('close', leave);",
    replace: "else response.once('finish', leave);",
    proof: 'load-slow-clients',
  },
  {
    name: 'no-end-to-a-slow-header',
    harm: 'A client that sends its headers bit by bit holds a connection for ever (Slowloris).',
    file: 'src/main.ts',
    find: '  headersTimeout: 5_000,\n  requestTimeout: 10_000,',
    replace: '  headersTimeout: 0,\n  requestTimeout: 0,',
    proof: 'load-slow-clients',
  },
  {
    name: 'slow-body-holds-a-place',
    harm: 'A few clients that never finish a body take every place that the server has.',
    file: 'src/transport/take-in.ts',
    find: '  const startedMs = performance.now();\n',
    replace: '  const startedMs = performance.now();\n  whenAnswered(connection, inFlight.enter(place));\n',
    proof: 'load-slow-clients',
  },
  {
    name: 'late-loop-sheds-nothing',
    harm: 'A process that is behind takes up all that comes, and every answer takes as long as the queue.',
    file: 'src/limits/in-flight.ts',
    find: 'if (count >= most || loop.isBehind)',
    replace: 'if (count >= most)',
    proof: 'load-overload',
    test: 'falls behind',
  },
  {
    name: 'shedding-never-ends',
    harm: 'One stall, and the server refuses every call until it is restarted.',
    file: 'src/limits/loop-delay.ts',
    find: '? 0 : calmTicks + 1;',
    replace: '? 0 : calmTicks;',
    proof: 'load-overload',
    test: 'falls behind',
  },
  {
    name: 'shed-without-a-word-when-to-retry',
    harm: 'Clients that are refused come back at once, and keep the server overloaded.',
    file: 'src/transport/failure-response.ts',
    find: "return error.status === 503 ? { 'retry-after': '1' } : {};",
    replace: 'return {};',
    proof: 'load-overload',
    test: 'falls behind',
  },
  {
    name: 'every-exchange-is-kept',
    harm: 'The process grows with every request until the machine takes it away.',
    file: 'src/app.ts',
    find: answerOn,
    replace: `const kept: Exchange[] = [];\n${answerOn}  kept.push(exchange);\n`,
    proof: 'load-soak',
    test: 'on and on',
  },
  {
    name: 'key-watch-outlives-its-stream',
    harm: 'Each stream leaves a timer that reads the store for ever.',
    file: 'src/transport/watch-key.ts',
    find: 'return { [Symbol.dispose]: () => clearInterval(timer) };',
    replace: 'return { [Symbol.dispose]: () => void timer };',
    proof: 'load-soak',
    test: 'on and on',
  },
];
