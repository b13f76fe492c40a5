import { expect } from 'vitest';
import { requestJson } from '../../support/http.ts';
import type { Ask, Grace, KeyModel } from '../../support/lifecycle-model.ts';
import { expectAsForeseen, expectEnd, pick, pickMaker, type Real, type Step } from './real.ts';

export class Mint implements Step {
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

const statusOf: Readonly<Record<string, number>> = {
  INVALID_TOKEN: 401,
  INSUFFICIENT_SCOPE: 403,
  FORBIDDEN: 403,
  SCOPE_ESCALATION: 403,
  VALIDATION_ERROR: 400,
  KEY_NOT_ROTATABLE: 409,
  ROTATION_IN_PROGRESS: 409,
  SCOPES_WOULD_DROP: 409,
};

/** A key of the model mints another, which may mint in its turn. */
export class MintHeir implements Step {
  readonly by: number;
  readonly days: Ask['days'];
  constructor(by: number, days: Ask['days']) {
    this.by = by;
    this.days = days;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const maker = pickMaker(model, this.by);
    if (maker === undefined) return;
    const ask = { explicit: ['key:write'], days: this.days };
    const foreseen = model.foreseeHeir(maker, ask);
    const { status, body } = await requestJson(`${real.app.url}/v1/keys`, {
      key: maker.plaintext,
      body: { scope_type: 'global', name: 'heir', scopes: ask.explicit, expires_in_days: this.days },
    });
    const code = foreseen === undefined ? undefined : [statusOf[foreseen], foreseen];
    expect([status, body.error?.code]).toEqual(code ?? [201, undefined]);
    if (foreseen === undefined) expectEnd(model.mint(body.key.id, body.auth_token, ask, maker), body.key);
  }
  toString = () => `heir(by ${this.by}, ${this.days})`;
}

export class Rotate implements Step {
  readonly at: number;
  readonly grace: Grace;
  readonly drop: boolean;
  /** Which key rotates; the manager's where there is none. */
  readonly by: number | null;
  constructor(at: number, grace: Grace, drop: boolean, by: number | null) {
    this.at = at;
    this.grace = grace;
    this.drop = drop;
    this.by = by;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const key = pick(model, this.at);
    if (key === undefined) return;
    const maker = this.by === null ? null : (pickMaker(model, this.by) ?? null);
    const foreseen = model.foreseeRotation(key, this.drop, maker);
    const { status, body } = await requestJson(`${real.app.url}/v1/keys/${key.id}/rotate`, {
      key: maker?.plaintext ?? real.manager,
      body: { grace: this.grace, drop_scopes: this.drop },
    });
    if (typeof foreseen === 'string') {
      expect([status, body.error?.code]).toEqual([statusOf[foreseen], foreseen]);
      return;
    }
    expect([status, [...(body.key?.scopes ?? [])].sort()]).toEqual([201, [...foreseen].sort()]);
    const made = { id: body.key.id, plaintext: body.auth_token, scopes: foreseen };
    expectEnd(model.rotate(key, this.grace, made, maker), body.key);
    expect(Math.abs(Date.parse(body.replaced.grace_until) - key.graceUntilMs)).toBeLessThan(1000);
  }
  toString = () => `rotate(${this.at}, ${this.grace}, ${this.drop}, by ${this.by ?? 'the manager'})`;
}

export class Revoke implements Step {
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

export class Use implements Step {
  readonly at: number;
  constructor(at: number) {
    this.at = at;
  }
  check = (model: Readonly<KeyModel>) => model.keys.length > 0;
  async run(model: KeyModel, real: Real) {
    const key = pick(model, this.at);
    if (key === undefined) return;
    await expectAsForeseen(model, real, key);
    const shown = await requestJson(`${real.app.url}/v1/keys/${key.id}`, { key: real.manager });
    const status = shown.body.key.status === 'stale' ? 'active' : shown.body.key.status;
    expect([key.id, status]).toEqual([key.id, model.status(key)]);
  }
  toString = () => `use(${this.at})`;
}
