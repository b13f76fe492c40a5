import { expect } from 'vitest';
import { requestJson } from '../../support/http.ts';
import type { KeyModel } from '../../support/lifecycle-model.ts';
import { operatePeople } from '../../support/operate-people.ts';
import type { Real, Step } from './real.ts';

export const permissions = {
  reading: ['agent:read', 'study:read'],
  searching: ['agent:search'],
  writing: ['study:write'],
};

export class ChangePerson implements Step {
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
    // Bringing an admin back makes an admin.
    const isRefused = model.makesAdmin(model.isAdmin, this.active);
    expect(status).toBe(isRefused ? 403 : 200);
    if (!isRefused) model.isActive = this.active;
  }
  toString = () => (this.active ? 'activate' : 'deactivate');
}

/** By the operator, or by a key that holds `member:write`. */
export class ChangeRole implements Step {
  readonly isAdmin: boolean;
  readonly isOperator: boolean;
  constructor(isAdmin: boolean, isOperator: boolean) {
    this.isAdmin = isAdmin;
    this.isOperator = isOperator;
  }
  check = () => true;
  async run(model: KeyModel, { app, tenant, manager, ada }: Real) {
    const role = this.isAdmin ? 'admin' : 'member';
    if (this.isOperator) await operatePeople(app, tenant).change(ada, { role });
    else {
      const url = `${app.url}/v1/members/${ada}`;
      const { status } = await requestJson(url, { method: 'PATCH', key: manager, body: { role } });
      const isRefused = model.makesAdmin(this.isAdmin, model.isActive);
      expect(status).toBe(isRefused ? 403 : 200);
      if (isRefused) return;
    }
    model.isAdmin = this.isAdmin;
  }
  toString = () => `role(${this.isAdmin ? 'admin' : 'member'}, by ${this.isOperator ? 'operator' : 'key'})`;
}

export class ChangeGroup implements Step {
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
