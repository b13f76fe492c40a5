import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { defaultCanonicalScopes } from '../../src/scopes/scopes.ts';
import { requestJson } from '../support/http.ts';
import { type Ask, type Grace, KeyModel, type ModelKey } from '../support/lifecycle-model.ts';
import { startApp, type Tenant, type TestApp } from '../support/start-app.ts';
import { trials } from './support/depth.ts';
import { prove } from './support/proof.ts';

const HOUR_MS = 3_600_000;
const canons = [
  [...defaultCanonicalScopes],
  defaultCanonicalScopes.slice(0, 3),
  [...defaultCanonicalScopes, 'study:write'],
];

const permissions = {
  reading: ['agent:read', 'study:read'],
  searching: ['agent:search'],
  writing: ['study:write'],
};

/** The real server, which a restart replaces; its clock stands still but for `Advance`. */
type Real = {
  app: TestApp;
  readonly tenant: Tenant;
  readonly manager: string;
  readonly ada: string;
  readonly group: string;
  readonly dataDir: string;
  nowMs: number;
};
type Step = fc.AsyncCommand<KeyModel, Real>;

const pick = (model: KeyModel, at: number): ModelKey | undefined =>
  model.keys[at % Math.max(1, model.keys.length)];

async function expectAsForeseen(model: KeyModel, { app }: Real, key: ModelKey): Promise<void> {
  const { status, body } = await requestJson(`${app.url}/v1/whoami`, { key: key.plaintext });
  const foreseen = model.effective(key);
  expect([key.id, status]).toEqual([key.id, foreseen === undefined ? 401 : 200]);
  if (foreseen !== undefined) expect([...body.scopes].sort()).toEqual([...foreseen].sort());
}

function expectEnd({ expiresAtMs }: ModelKey, shown: { expires_at: string | null }): void {
  const end = shown.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(shown.expires_at);
  expect(end === expiresAtMs || Math.abs(end - expiresAtMs) < 1000).toBe(true);
}

class Mint implements Step {
  readonly ask: Ask;
  constructor(ask: Ask) {
    this.ask = ask;
  }
  check = () => true;
  async run(model: KeyModel, real: Real) {
    const { extra, explicit, days, isPersonal } = this.ask;
    const answer = await requestJson(`${real.app.url}/v1/keys`, {
      key: real.manager,
      body: {
        ...(isPersonal ? { scope_type: 'user', user_id: real.ada } : { scope_type: 'global' }),
        name: 'x',
        expires_in_days: days,
        ...(explicit && { scopes: explicit }),
        ...(extra && { additional_scopes: extra }),
      },
    });
    if (isPersonal && !model.isActive) {
      expect([answer.status, answer.body.error?.code]).toEqual([400, 'INVALID_USER']);
      return;
    }
    expect(answer.status).toBe(201);
    const key = model.mint(answer.body.key.id, answer.body.auth_token, this.ask);
    expectEnd(key, answer.body.key);
    expect([...answer.body.key.scopes].sort()).toEqual([...key.scopes].sort());
  }
  toString = () => `mint(${JSON.stringify(this.ask)})`;
}

class Rotate implements Step {
  readonly at: number;
  readonly grace: Grace;
  readonly drop: boolean;
  constructor(at: number, grace: Grace, drop: boolean) {
    this.at = at;
    this.grace = grace;
    this.drop = drop;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const key = pick(model, this.at);
    if (key === undefined) return;
    const foreseen = model.foreseeRotation(key, this.drop);
    const { status, body } = await requestJson(`${real.app.url}/v1/keys/${key.id}/rotate`, {
      key: real.manager,
      body: { grace: this.grace, drop_scopes: this.drop },
    });
    if (typeof foreseen === 'string') {
      expect([status, body.error?.code]).toEqual([foreseen === 'FORBIDDEN' ? 403 : 409, foreseen]);
      return;
    }
    expect([status, [...(body.key?.scopes ?? [])].sort()]).toEqual([201, [...foreseen].sort()]);
    expectEnd(model.rotate(key, this.grace, body.key.id, body.auth_token, foreseen), body.key);
    expect(Math.abs(Date.parse(body.replaced.grace_until) - key.graceUntilMs)).toBeLessThan(1000);
  }
  toString = () => `rotate(${this.at}, ${this.grace}, ${this.drop})`;
}

class Revoke implements Step {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const key = pick(model, this.at);
    if (key === undefined) return;
    const { status } = await requestJson(`${real.app.url}/v1/keys/${key.id}`, {
      method: 'DELETE',
      key: real.manager,
    });
    expect(status).toBe(200);
    key.revoked = true;
    await expectAsForeseen(model, real, key);
  }
  toString = () => `revoke(${this.at})`;
}

class Use implements Step {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const key = pick(model, this.at);
    if (key !== undefined) await expectAsForeseen(model, real, key);
  }
  toString = () => `use(${this.at})`;
}

class Advance implements Step {
  readonly hours: number;
  constructor(hours: number) {
    this.hours = hours;
  }
  check = () => true;
  async run(model: KeyModel, real: Real) {
    model.nowMs += this.hours * HOUR_MS;
    real.nowMs = model.nowMs;
  }
  toString = () => `advance(${this.hours}h)`;
}

class ChangeCanon implements Step {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  check = () => true;
  async run(model: KeyModel, { app, nowMs }: Real) {
    model.canon = canons[this.at % canons.length] ?? [];
    await app.services.store.organizations.settleCanon(model.canon, nowMs);
  }
  toString = () => `canon(${this.at})`;
}

class ChangePerson implements Step {
  readonly active: boolean;
  constructor(active: boolean) {
    this.active = active;
  }
  check = () => true;
  async run(model: KeyModel, { app, manager, ada }: Real) {
    const url = `${app.url}/v1/members/${ada}`;
    const { status } = await requestJson(url, {
      method: 'PATCH',
      key: manager,
      body: { active: this.active },
    });
    expect(status).toBe(200);
    model.isActive = this.active;
  }
  toString = () => (this.active ? 'activate' : 'deactivate');
}

class ChangeGroup implements Step {
  readonly granted: readonly (keyof typeof permissions)[];
  constructor(granted: readonly (keyof typeof permissions)[]) {
    this.granted = granted;
  }
  check = () => true;
  async run(model: KeyModel, { app, manager, group }: Real) {
    const url = `${app.url}/v1/groups/${group}`;
    const { status } = await requestJson(url, {
      method: 'PATCH',
      key: manager,
      body: { permissions: this.granted },
    });
    expect(status).toBe(200);
    model.allowed = this.granted.flatMap((name) => permissions[name]);
  }
  toString = () => `group(${this.granted.join(' ')})`;
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
const steps = [
  fc
    .record({
      days: fc.constantFrom(1, 30, 200, 'never' as const),
      isPersonal: fc.boolean(),
      kind: fc.constantFrom(
        {},
        { extra: ['study:write', 'key:read'] },
        { explicit: ['agent:read'] },
        { explicit: [] },
      ),
    })
    .map(({ days, kind, isPersonal }) => new Mint({ days, isPersonal, ...kind })),
  fc
    .tuple(at, fc.constantFrom('0', '1h', '24h', '7d'), fc.boolean())
    .map(([key, grace, drop]) => new Rotate(key, grace as Grace, drop)),
  at.map((key) => new Revoke(key)),
  at.map((key) => new Use(key)),
  fc.constantFrom(1, 23, 24, 24 * 8, 24 * 31).map((hours) => new Advance(hours)),
  at.map((set) => new ChangeCanon(set)),
  fc.boolean().map((active) => new ChangePerson(active)),
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

test('whatever happens to keys, in whatever order, the server agrees with the promises', async (context) => {
  const runs = trials({ planted: 30, ci: 200, full: 2000 });
  const sequences = fc.commands(steps, { maxCommands: 50, size: '+1' });
  const checked = await fc.check(fc.asyncProperty(sequences, play), { numRuns: runs });
  prove(context, {
    id: 'keys.lifecycle',
    property:
      'mint, rotate, revoke, people, groups, canon, clock and restart, in any order, end as a small model says',
    trials: checked.numRuns,
    unit: 'sequences of up to 50 steps',
    failures: checked.failed ? [fc.defaultReportMessage(checked) ?? 'failed'] : [],
    measured: { seed: checked.seed },
  });
});
