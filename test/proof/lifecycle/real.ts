import type fc from 'fast-check';
import { expect } from 'vitest';
import { requestJson } from '../../support/http.ts';
import type { KeyModel, ModelKey } from '../../support/lifecycle-model.ts';
import type { Tenant, TestApp } from '../../support/start-app.ts';

/** The real server, which a restart replaces; its clock moves by `Advance` only. */
export type Real = {
  app: TestApp;
  readonly tenant: Tenant;
  readonly manager: string;
  readonly ada: string;
  readonly group: string;
  readonly dataDir: string;
  nowMs: number;
};
export type Step = fc.AsyncCommand<KeyModel, Real>;

export const pick = (model: KeyModel, at: number): ModelKey | undefined =>
  model.keys[at % Math.max(1, model.keys.length)];

/** Mostly one that may manage keys, where there is one: the others are soon told apart. */
export function pickMaker(model: KeyModel, at: number): ModelKey | undefined {
  const managing = model.keys.filter((key) => key.scopes.includes('key:write') && model.isLive(key));
  return at % 3 > 0 && managing.length > 0 ? managing[at % managing.length] : pick(model, at);
}

export async function expectAsForeseen(model: KeyModel, { app }: Real, key: ModelKey): Promise<void> {
  const { status, body } = await requestJson(`${app.url}/v1/whoami`, { key: key.plaintext });
  const foreseen = model.effective(key);
  expect([key.id, status]).toEqual([key.id, foreseen === undefined ? 401 : 200]);
  if (foreseen !== undefined) expect([...body.scopes].sort()).toEqual([...foreseen].sort());
}

export function expectEnd({ expiresAtMs }: ModelKey, shown: { expires_at: string | null }): void {
  const end = shown.expires_at === null ? Number.POSITIVE_INFINITY : Date.parse(shown.expires_at);
  expect(end === expiresAtMs || Math.abs(end - expiresAtMs) < 1000).toBe(true);
}
