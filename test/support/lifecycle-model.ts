import type { Scope } from '../../src/scopes/scopes.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const TTL_MS = 90 * DAY_MS;
const graceMs = { '0': 0, '1h': HOUR_MS, '24h': DAY_MS, '7d': 7 * DAY_MS } as const;

export type Grace = keyof typeof graceMs;
export type Ask = {
  readonly extra?: readonly Scope[];
  readonly explicit?: readonly Scope[];
  /** The default lifetime where nothing is said. */
  readonly days?: number | 'never' | undefined;
  readonly isPersonal?: boolean;
};

const never = Number.POSITIVE_INFINITY;

/** A key as the promises say it is. */
export type ModelKey = {
  readonly id: string;
  readonly plaintext: string;
  readonly scopes: readonly Scope[];
  readonly extras: readonly Scope[];
  readonly source: 'canonical' | 'canonical+extra' | 'explicit';
  readonly madeAtMs: number;
  readonly expiresAtMs: number;
  readonly replaces: ModelKey | null;
  /** Ada's, whose permissions and activity bound it; else the organisation's. */
  readonly isPersonal: boolean;
  graceUntilMs: number;
  revoked: boolean;
  replacedBy: ModelKey | null;
};

/** What the store must agree with, in as few words as it can be said. */
export class KeyModel {
  nowMs: number;
  canon: readonly Scope[];
  readonly keys: ModelKey[] = [];
  /** Ada, the one person: whether she is active and an admin, and what her group allows. */
  isActive = true;
  isAdmin = false;
  allowed: readonly Scope[] = [];

  constructor(nowMs: number, canon: readonly Scope[]) {
    this.nowMs = nowMs;
    this.canon = canon;
  }

  /** What the key is accepted with; undefined where it is refused. */
  effective(key: ModelKey): readonly Scope[] | undefined {
    if (!this.isLive(key) || (key.isPersonal && !this.isActive)) return undefined;
    if (!key.isPersonal || this.isAdmin) return key.scopes;
    return key.scopes.filter((scope) => this.allowed.includes(scope));
  }

  isLive(key: ModelKey): boolean {
    return !key.revoked && this.nowMs < key.expiresAtMs && this.nowMs < key.graceUntilMs;
  }

  /** `active` includes stale: uses are no part of the model. */
  status(key: ModelKey): 'revoked' | 'expired' | 'grace' | 'active' {
    if (key.revoked) return 'revoked';
    if (!this.isLive(key)) return 'expired';
    return key.graceUntilMs < never ? 'grace' : 'active';
  }

  /** Why the key may not change keys; undefined where it may. */
  foreseeManager(key: ModelKey): string | undefined {
    const scopes = this.effective(key);
    if (scopes === undefined) return 'INVALID_TOKEN';
    if (!scopes.includes('key:write')) return 'INSUFFICIENT_SCOPE';
    return this.status(key) === 'grace' ? 'FORBIDDEN' : undefined;
  }

  /** Whether nobody but an admin of the organisation, or the operator, may make this of Ada. */
  makesAdmin(isAdmin: boolean, isActive: boolean): boolean {
    return isAdmin && (!this.isAdmin || (isActive && !this.isActive));
  }

  /** What a minting by the key must answer; undefined where it is done. */
  foreseeHeir(maker: ModelKey, { days }: Ask): string | undefined {
    const refusal = this.foreseeManager(maker);
    if (refusal !== undefined || days === undefined) return refusal;
    return this.#endAfter(days) > maker.expiresAtMs ? 'VALIDATION_ERROR' : undefined;
  }

  /** `maker` is the key that mints; null means one that never ends. */
  mint(id: string, plaintext: string, ask: Ask, maker: ModelKey | null = null): ModelKey {
    const { extra = [], explicit, days = TTL_MS / DAY_MS, isPersonal = false } = ask;
    const extras = extra.filter((scope) => !this.canon.includes(scope));
    const source = explicit ? 'explicit' : extras.length > 0 ? 'canonical+extra' : 'canonical';
    const scopes = explicit ?? [...this.canon, ...extras];
    const expiresAtMs = Math.min(this.#endAfter(days), maker?.expiresAtMs ?? never);
    return this.#add({ id, plaintext, scopes, extras, source, expiresAtMs, replaces: null, isPersonal });
  }

  /** What a rotation by the key must answer, null for a manager that never ends; a code, or the scopes. */
  foreseeRotation(key: ModelKey, drop: boolean, maker: ModelKey | null = null): string | readonly Scope[] {
    const refusal = maker === null ? undefined : this.foreseeManager(maker);
    if (refusal !== undefined) return refusal;
    if (key.isPersonal && maker?.isPersonal !== true) return 'FORBIDDEN';
    if (!this.isLive(key)) return 'KEY_NOT_ROTATABLE';
    const isOpen = key.graceUntilMs < never && key.replacedBy !== null && !key.replacedBy.revoked;
    const { replaces } = key;
    const isOfOpenOne = replaces !== null && replaces.replacedBy === key && this.isLive(replaces);
    if (isOpen || isOfOpenOne) return 'ROTATION_IN_PROGRESS';
    const renewed = key.source === 'explicit' ? key.scopes : [...new Set([...this.canon, ...key.extras])];
    if (!drop && !key.scopes.every((scope) => renewed.includes(scope))) return 'SCOPES_WOULD_DROP';
    const own = maker === null ? undefined : this.effective(maker);
    const isHeld = (scope: Scope) => own?.includes(scope) !== false || this.canon.includes(scope);
    return renewed.every(isHeld) ? renewed : 'SCOPE_ESCALATION';
  }

  /** `maker` is the key that rotates; null means one that never ends. */
  rotate(
    key: ModelKey,
    grace: Grace,
    made: Pick<ModelKey, 'id' | 'plaintext' | 'scopes'>,
    maker: ModelKey | null = null,
  ): ModelKey {
    const life = Math.min(key.expiresAtMs - key.madeAtMs, TTL_MS);
    const renewedMs = key.expiresAtMs === never ? never : this.nowMs + life;
    const latestMs = maker === null || maker === key ? never : maker.expiresAtMs;
    const { source, isPersonal } = key;
    // As at a minting: what is canonical at that moment is no extra, so it goes when the canon loses it, if one agrees.
    const extras = key.extras.filter((scope) => !this.canon.includes(scope));
    const expiresAtMs = Math.min(renewedMs, latestMs);
    key.replacedBy = this.#add({ ...made, extras, source, expiresAtMs, replaces: key, isPersonal });
    key.graceUntilMs = Math.min(this.nowMs + graceMs[grace], key.expiresAtMs, key.graceUntilMs);
    if (grace === '0') key.revoked = true;
    return key.replacedBy;
  }

  #endAfter(days: number | 'never'): number {
    return days === 'never' ? never : this.nowMs + days * DAY_MS;
  }

  #add(key: Omit<ModelKey, 'madeAtMs' | 'graceUntilMs' | 'revoked' | 'replacedBy'>): ModelKey {
    const made = { ...key, madeAtMs: this.nowMs, graceUntilMs: never, revoked: false, replacedBy: null };
    this.keys.push(made);
    return made;
  }
}
