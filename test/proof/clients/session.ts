import { expect, type TestContext } from 'vitest';
import type { Wire } from '../../support/real-clients.ts';
import { type ProofRow, prove } from '../support/proof.ts';
import { canCountProcesses, leftBehind } from './left-behind.ts';
import { type Agent, everythingIn, type Outcome, type RealClient } from './real-client.ts';
import type { AgentKey, RealServer, Wiring } from './real-server.ts';
import { type Memory, type Step, steps } from './steps.ts';

/** What a step has at hand: the open session, what earlier steps found, and how to open further ones. */
export type Session = {
  readonly client: RealClient;
  readonly server: RealServer;
  readonly wiring: Wiring;
  readonly key: AgentKey;
  readonly agent: Agent;
  readonly found: Memory;
  open(wire: Wire): Promise<Agent>;
  /** The result of a separate session that only asks who it is. */
  greet(wire: Wire): Promise<Outcome>;
};

type Report = {
  readonly client: RealClient;
  readonly done: number;
  readonly failures: string[];
  readonly revision: string;
};

const STEP_MS = 90_000;
/** Generous, since the machine may be busy; alone they take a tenth of it. */
export const SESSIONS_MS = 290_000;

/** The row of each session, also where another has failed; then all that failed, by client. */
export function proveAll(context: TestContext, reports: readonly Report[]): void {
  for (const report of reports) putOnCard(context, rowOf(report));
  const broken = reports.flatMap(({ client, failures }) => failures.map((what) => `${client.name} ${what}`));
  expect(broken).toEqual([]);
}

/** `prove` throws at the first row that is broken. */
function putOnCard(context: TestContext, row: ProofRow): void {
  try {
    prove(context, row);
  } catch {}
}

function rowOf({ client, done, failures, revision }: Report): ProofRow {
  const cannot = Object.entries(client.cannot ?? {}).map(([step, why]) => `it ${step}: not done, ${why}`);
  if (client.shortened !== undefined)
    cannot.unshift('a short session, since it starts processes for each call');
  return {
    id: `clients.${client.name}`,
    property: 'a scripted session of an agent does all that its key may do with this client, and no more',
    trials: done,
    unit: 'steps',
    noRate: true,
    failures,
    measured: { version: client.version, revision, transport: client.transport },
    ...(cannot.length > 0 && { note: cannot.join('; ') }),
  };
}

/** Step after step; reports a failure and goes on. */
export async function runSession(client: RealClient, wiring: Wiring, server: RealServer): Promise<Report> {
  const { attempt, failures, count } = countAttempts();
  const { open, closeAll } = openWith(client);
  const key = await server.mintFor(server.acme);
  const agent = await attempt('connects', () => open(wiring.plain({ key: key.plaintext })));
  if (agent !== undefined) {
    const session = { client, server, wiring, key, agent, found: {}, open, greet: greetWith(open) };
    for (const [title, step] of Object.entries(steps)) {
      if (isFor(client, wiring, title, step)) await attempt(title, () => step.run(session));
    }
  }
  await closeAll();
  if (canCountProcesses)
    await attempt('leaves no process behind', async () =>
      expect(await leftBehind(wiring.marker)).toEqual([]),
    );
  return { client, done: count(), failures, revision: agent?.revision ?? `of ${client.era}` };
}

function isFor({ cannot, shortened }: RealClient, { kind }: Wiring, title: string, { only }: Step): boolean {
  const isAsked = shortened === undefined || shortened.includes(title);
  return isAsked && cannot?.[title] === undefined && (only === undefined || only === kind);
}

function countAttempts() {
  const failures: string[] = [];
  let done = 0;
  return {
    failures,
    count: () => done,
    async attempt<T>(title: string, run: () => Promise<T>): Promise<T | undefined> {
      done += 1;
      try {
        return await within(STEP_MS, run());
      } catch (error) {
        failures.push(`${title}: ${error instanceof Error ? error.message : String(error)}`);
        return undefined;
      }
    },
  };
}

function openWith(client: RealClient) {
  const opened: Agent[] = [];
  return {
    async open(wire: Wire): Promise<Agent> {
      const agent = await client.open(wire);
      opened.push(agent);
      return agent;
    },
    closeAll: () => Promise.allSettled(opened.map((agent) => agent.close())),
  };
}

const greetWith =
  (open: Session['open']): Session['greet'] =>
  async (wire) => {
    let agent: Agent;
    try {
      agent = await open(wire);
    } catch (error) {
      return { kind: 'refused', says: everythingIn(error), isConnecting: true };
    }
    return await agent.call('whoami');
  };

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing came within ${ms} ms`)), ms);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
