import { join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, onTestFinished } from 'vitest';
import { createKeyFormat } from '../../../src/keys/key-format.ts';
import { builtInScopes, defaultCatalogue } from '../../../src/scopes/scopes.ts';
import { requestJson } from '../../support/http.ts';
import { ADMIN_TOKEN } from '../../support/operator.ts';
import { startTwoTenants } from '../../support/start-app.ts';
import { codeIn, createContractCheck, isBare, saysNoSignIn } from './contract-check.ts';
import { beforeTheSlot } from './contract-codes.ts';
import type { WireAnswer } from './read-answer.ts';

/** Few, so that a flood of mintings does not make the store the thing that is measured. */
const MOST_KEYS = 60;

/** The real app with a credential of every kind, and the questions that are asked of it in the end. */
export async function startTarget(seed = true) {
  const app = await startTwoTenants({
    seed,
    env: { ADMIN_TOKEN },
    config: { limits: { maxConcurrentRequests: 100_000 }, keys: { maxPerOrganization: MOST_KEYS } },
  });
  const { acme, bolt } = app;
  const every = { scopes: [...defaultCatalogue, ...builtInScopes] };
  const keys = {
    full: (await app.mint(acme, every)).plaintext,
    canonical: acme.defaultKey,
    searching: (await app.mint(acme, { scopes: ['agent:search'] })).plaintext,
    nothing: (await app.mint(acme, { scopes: [] })).plaintext,
    host: (await app.mintHost([acme, bolt])).plaintext,
    other: bolt.defaultKey,
    unknown: createKeyFormat('tnt').generate().plaintext,
    operator: ADMIN_TOKEN,
  };
  const secrets = Object.values(keys);
  const contract = createContractCheck([...secrets, app.dataDir, process.cwd()]);
  const rows = rowCounter(app.dataDir);
  const { refusals } = app.services;
  const admit = refusals.admit.bind(refusals);
  // Each refusal of a key is written here, however many there are: the run holds every request against its row.
  refusals.admit = (refusal) => refusal.key !== null || admit(refusal);
  let before = 0;
  let owed = 0;
  const unclear = new Set<string>();
  return {
    ...app,
    keys,
    contract,
    /** What came before is no part of the run. */
    startCounting(): void {
      before = rows();
      refusals.takeUnwritten();
    },
    /** Counts the row that `answer` owes to the audit, if its request passed the door. */
    owe(answer: WireAnswer, isKnownPath = true): void {
      const code = codeIn(answer);
      // Of a path that may lead nowhere, only the audit can tell whether a tool was asked.
      if (code === 'NOT_FOUND' && !isKnownPath) unclear.add(answer.headers['x-request-id'] ?? '');
      else if (!isBare(answer) && !saysNoSignIn(answer) && !beforeTheSlot.has(code ?? '')) owed += 1;
      // Nothing keeps what was sent for the platform.
      app.sent.length = 0;
    },
    /** Parts of the server that failed in the run; `cut` is how many requests were given up before their answer. */
    async aftermath(cut = 0): Promise<string[]> {
      const asked = rows.notFound().filter((requestId) => unclear.has(requestId)).length;
      const counted = refusals.takeUnwritten().reduce((sum, { count }) => sum + count, 0);
      const made = rows() - before - asked + counted;
      const health = await requestJson(`${app.url}/healthz`);
      const polluted: unknown = Reflect.get({}, 'polluted');
      return [
        ...(health.status === 200 ? [] : [`/healthz answers ${health.status} at the end`]),
        ...(made >= owed && made <= owed + cut ? [] : [`${owed} requests made ${made} rows in the audit`]),
        ...(polluted === undefined ? [] : ['the prototype of all objects is polluted']),
        ...app.log.filter(isTrouble).map((line) => `logged: ${line.slice(0, 500)}`),
      ];
    },
  };
}

export type FuzzTarget = Awaited<ReturnType<typeof startTarget>>;

/** pino's levels: 50 is an error. */
const isTrouble = (line: string): boolean =>
  Number(JSON.parse(line).level) >= 50 || line.includes('INTERNAL');

/** How many closing rows of requests there are; none occurs twice. `notFound` has the requests that ended so. */
function rowCounter(dataDir: string) {
  const database = new Database(join(dataDir, 'tenantry.db'), { readonly: true });
  onTestFinished(() => void database.close());
  const count = database.prepare<[], { rows: number; requests: number }>(
    `SELECT count(*) AS rows, count(DISTINCT request_id) AS requests FROM audit WHERE kind = 'call'`,
  );
  const notFound = database
    .prepare<[], string>(`SELECT request_id FROM audit WHERE kind = 'call' AND error_code = 'NOT_FOUND'`)
    .pluck();
  const rows = () => {
    const { rows: made = 0, requests = 0 } = count.get() ?? {};
    expect(made, 'closing rows, one for each request').toBe(requests);
    return made;
  };
  return Object.assign(rows, { notFound: () => notFound.all() });
}
