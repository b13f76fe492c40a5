import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { test } from 'vitest';
import { defaultCanonicalScopes } from '../../src/scopes/scopes.ts';
import { requestJson } from '../support/http.ts';
import { type Grace, KeyModel } from '../support/lifecycle-model.ts';
import { startApp } from '../support/start-app.ts';
import { Mint, MintHeir, Revoke, Rotate, Use } from './lifecycle/key-steps.ts';
import { ChangeGroup, ChangePerson, ChangeRole, permissions } from './lifecycle/people-steps.ts';
import { expectAsForeseen, type Real, type Step } from './lifecycle/real.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const HOUR_MS = 3_600_000;
const canons = [
  [...defaultCanonicalScopes],
  defaultCanonicalScopes.slice(0, 3),
  [...defaultCanonicalScopes, 'study:write'],
];

class Advance implements Step {
  readonly hours: number;
  constructor(hours: number) {
    this.hours = hours;
  }
  check = () => true;
  async run(model: KeyModel, real: Real) {
    model.nowMs += this.hours * HOUR_MS;
    real.nowMs = model.nowMs;
    // A row from which time goes on, should the server start again with a clock that was set back.
    await requestJson(`${real.app.url}/v1/whoami`, { key: real.manager });
  }
  toString = () => `advance(${this.hours}h)`;
}

/** The machine's clock is set back; time is not. */
class TurnBack implements Step {
  readonly hours: number;
  constructor(hours: number) {
    this.hours = hours;
  }
  check = () => true;
  async run(_model: KeyModel, real: Real) {
    real.nowMs -= this.hours * HOUR_MS;
  }
  toString = () => `back(${this.hours}h)`;
}

class ChangeCanon implements Step {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  check = () => true;
  async run(model: KeyModel, { app }: Real) {
    model.canon = canons[this.at % canons.length] ?? [];
    await app.services.store.organizations.ensureCanonicalSet(model.canon, model.nowMs);
  }
  toString = () => `canon(${this.at})`;
}

class Restart implements Step {
  check = () => true;
  async run(model: KeyModel, real: Real) {
    await real.app.close();
    real.app = await startOn(real.dataDir, model.canon, () => real.nowMs);
  }
  toString = () => 'restart';
}

/** Ada, and the one group that she is in. */
async function startPeople(url: string, key: string) {
  const post = async (path: string, body: object) =>
    (await requestJson(`${url}/v1/${path}`, { key, body })).body;
  const ada: string = (await post('members', { name: 'Ada' })).member.user_id;
  const group: string = (await post('groups', { name: 'Desk', permissions: [] })).group.group_id;
  await post(`groups/${group}/members`, { user_id: ada });
  return { ada, group };
}

const startOn = (dataDir: string, canonical: readonly string[], now: () => number) =>
  startApp({ seed: false, dataDir, now, config: { permissions, scopes: { canonical } } });

const at = fc.nat(5);
const minting = fc
  .record({
    days: fc.constantFrom(1, 30, 200, 'never' as const),
    isPersonal: fc.constantFrom(false, false, false, true),
    kind: fc.constantFrom(
      {},
      { extra: ['study:write', 'key:read'] },
      { extra: ['key:write'] },
      { explicit: ['key:write'] },
      { explicit: ['key:write', 'agent:read'] },
      { explicit: ['agent:read'] },
      { explicit: [] },
    ),
  })
  .map(({ days, kind, isPersonal }) => new Mint({ days, isPersonal, ...kind }));
const rotating = fc
  .tuple(at, fc.constantFrom('0', '1h', '24h', '7d'), fc.boolean(), fc.option(at, { freq: 2 }))
  .map(([key, grace, drop, by]) => new Rotate(key, grace as Grace, drop, by));
const inheriting = fc
  .tuple(at, fc.constantFrom(1, 30, 'never' as const, undefined))
  .map(([by, days]) => new MintHeir(by, days));

/** Most of the life of a key is in the first three, so that they come more often. */
const steps = [
  ...Array.from({ length: 4 }, () => minting),
  ...Array.from({ length: 4 }, () => rotating),
  ...Array.from({ length: 2 }, () => inheriting),
  at.map((key) => new Revoke(key)),
  at.map((key) => new Use(key)),
  fc.constantFrom(1, 23, 24, 24 * 8, 24 * 31).map((hours) => new Advance(hours)),
  fc.constantFrom(1, 24 * 31, 24 * 365).map((hours) => new TurnBack(hours)),
  at.map((set) => new ChangeCanon(set)),
  fc.boolean().map((active) => new ChangePerson(active)),
  fc.tuple(fc.boolean(), fc.boolean()).map(([admin, operator]) => new ChangeRole(admin, operator)),
  fc.subarray(['reading', 'searching', 'writing'] as const).map((granted) => new ChangeGroup(granted)),
  fc.constant(new Restart()),
];

/** Plays one sequence on a server of its own. @throws where server and model disagree */
async function play(sequence: Iterable<fc.AsyncCommand<KeyModel, Real, boolean>>): Promise<void> {
  const dataDir = mkdtempSync(join(tmpdir(), 'tenantry-model-'));
  const canon = [...defaultCanonicalScopes];
  const model = new KeyModel(Date.now(), canon);
  let real: Real | undefined;
  const app = await startOn(dataDir, canon, () => real?.nowMs ?? model.nowMs);
  const tenant = await app.provision('Acme');
  const scopes = ['key:read', 'key:write', 'study:write', 'member:read', 'member:write'];
  const { plaintext } = await app.mint(tenant, { scopes, expiresInDays: 'never' });
  const people = await startPeople(app.url, plaintext);
  const started: Real = { app, tenant, manager: plaintext, ...people, dataDir, nowMs: model.nowMs };
  real = started;
  try {
    await fc.asyncModelRun(() => ({ model, real: started }), sequence);
    for (const key of model.keys) await expectAsForeseen(model, started, key);
  } finally {
    await started.app.close();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

test('with any events of keys, in any order, the server agrees with the promises', async (context) => {
  const runs = trials({ planted: 120, ci: 200, full: 2000 });
  const sequences = fc.commands(steps, { maxCommands: 50, size: '+1' });
  const checked = await fc.check(fc.asyncProperty(sequences, play), { numRuns: runs });
  prove(context, {
    id: 'keys.lifecycle',
    property:
      'mint, heirs, rotate, revoke, people, roles, groups, canon, clock (also back) and restart, in any order, end as a small model says',
    trials: checked.numRuns,
    unit: 'sequences of up to 50 steps',
    failures: checked.failed ? [fc.defaultReportMessage(checked) ?? 'failed'] : [],
    measured: { seed: checked.seed },
  });
});
