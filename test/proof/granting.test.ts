import fc from 'fast-check';
import { test } from 'vitest';
import { createCatalogue, defaultCanonicalScopes, defaultCatalogue } from '../../src/scopes/scopes.ts';
import { requestJson } from '../support/http.ts';
import { startApp, type Tenant } from '../support/start-app.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const catalogue = createCatalogue(defaultCatalogue);
const others = catalogue.scopes.filter((scope) => scope !== 'key:write');
/** An organisation is filled with keys only so far that to count them stays cheap. */
const ROUNDS_IN_ONE = 100;

const sorted = (scopes: readonly string[]) => [...scopes].sort().join(' ');

test('with any scopes and any request, nobody grants a scope that they do not hold', async (context) => {
  const app = await startApp({
    seed: false,
    config: { limits: { requestsPerMinutePerKey: 100_000 }, keys: { maxPerOrganization: 10_000 } },
  });
  const rounds = trials({ planted: 60, ci: 1000, full: 20_000 });
  const seed = Math.floor(Math.random() * 2 ** 31);
  const asks = fc.sample(fc.tuple(fc.subarray(others), fc.subarray([...catalogue.scopes])), {
    numRuns: rounds,
    seed,
  });
  const keysOf = async ({ id }: Tenant) =>
    (await app.services.store.keys.list(id, { nowMs: app.now(), staleAfterMs: 1e12 }, { limit: 500 })).length;
  const failures: string[] = [];
  let tenant = await app.provision('Acme');
  for (const [round, [held, asked]] of asks.entries()) {
    if (round % ROUNDS_IN_ONE === 0) tenant = await app.provision(`Acme ${round}`);
    const minter = await app.mint(tenant, { scopes: ['key:write', ...held] });
    const before = await keysOf(tenant);
    const { status, body } = await requestJson(`${app.url}/v1/keys`, {
      key: minter.plaintext,
      body: { scope_type: 'global', name: 'x', scopes: asked },
    });
    const mayGrant = new Set<string>([...defaultCanonicalScopes, 'key:write', ...held]);
    const beyond = asked.filter((scope) => !mayGrant.has(scope));
    const isRight =
      beyond.length === 0
        ? status === 201 && sorted(body.key.scopes) === sorted(asked)
        : body.error?.code === 'SCOPE_ESCALATION' && sorted(body.error.beyond) === sorted(beyond);
    const made = (await keysOf(tenant)) - before;
    if (!isRight || made !== (beyond.length === 0 ? 1 : 0)) {
      failures.push(`seed ${seed}, round ${round}: holds ${held}, asks ${asked}: ${status}, ${made} made`);
    }
  }
  prove(context, {
    id: 'scopes.granting',
    property: 'a key grants what is canonical or its own, and else nothing is made',
    trials: rounds,
    unit: 'mintings',
    failures,
    measured: { seed },
  });
});
